// What tests import: the public test API.

export { defineConfig } from './config/config.ts'
export type {
  AxisKey,
  AxisValues,
  ConfigOptions,
  CustomReporter,
  MatrixConfig,
  ReporterFactory,
  ReportFileConfig,
  ReportModuleConfig,
  ReportName,
  ServiceConfig,
  SignalboxConfig,
  TargetConfig,
} from './config/config.ts'
export type { SignalboxEvent } from './events.ts'
export { buildExtension, type ExtensionFile, type ExtensionKind, type ExtensionOptions } from './extension.ts'
export { attach } from './running/attachments.ts'
export { metric } from './running/metric.ts'
export { skip } from './running/skip.ts'
export { InfraError, MachineError, UsageError } from './errors.ts'
export { TimeoutError } from './deadline.ts'
export { expect } from './expect/expect.ts'
export type { Expect, MachineExpect, PollExpect, UpdateServerExpect, ValueExpect } from './expect/expect.ts'
export { ExpectError } from './expect-error.ts'
export type {
  BootOptions,
  Cluster,
  ClusterNetwork,
  ClusterSync,
  Fixtures,
  GuestCommand,
  Machine,
  MachineControl,
  MachineLog,
  RebootOptions,
} from './fixtures/fixtures.ts'
export type { HttpAnswer, HttpFixture, HttpHandler, HttpRequest, HttpRequestRecord } from './fixtures/http.ts'
export type {
  Checkpoint,
  DiskFaults,
  DiskSpec,
  LeapWarning,
  LinkState,
  MachineExit,
  NetworkClock,
  PowerAction,
  TimeRequest,
} from './machine.ts'
export type { TestBody } from './registry.ts'
export type { CheckName, GroupRequirements, IgnitionContext, Requirements } from './requirements.ts'
export type { ControlOptions } from './control/control-line.ts'
export { CommandError } from './ssh/outcome.ts'
export type { CommandOutcome, ExecOptions } from './ssh/index.ts'
export type {
  FollowOptions,
  OfferOptions,
  PayloadDefect,
  PayloadName,
  Payloads,
  Slot,
  SlotState,
  UpdateClient,
  UpdateProgress,
} from './update/index.ts'
export type { PayloadFile, UpdatePayload } from './model.ts'
export { createSigningKey, FLATCAR_APP_ID } from './update-server/index.ts'
export type {
  ActiveFault,
  CertificateKind,
  ContentSource,
  Declared,
  DirectoryOptions,
  FaultScope,
  FolderOptions,
  OmahaEvent,
  OmahaExchange,
  PackageOffer,
  PostinstallAction,
  ReleaseOffer,
  SigningKey,
  UpdateFault,
  UpdateRequest,
  UpdateServer,
  UpdateServerUrls,
} from './update-server/index.ts'
export { snapshotDifferences } from './snapshot/index.ts'
export type { MachineSnapshot, SnapshotExceptions, SnapshotSection, SnapshotTable } from './snapshot/index.ts'
export type { EventExpectation, RequestExpectation } from './expect/update-server-matchers.ts'
export { describe, test } from './test-api.ts'
export type { TestFunction, TestInfo } from './test-api.ts'
