// The QEMU driver: machines as data, launched, watched, stopped and cleaned up. Useful without the harness.

export { briefReason, probeAccelerator, type AcceleratorAnswer, type ProbeOptions } from './accelerator.ts'
export { machineArguments } from './arguments.ts'
export { bootDisk, type BootDiskEnd } from './boot-disk.ts'
export { openConsoleFeed, readLines, type ConsoleFeed } from './console-feed.ts'
export { CD_PACKAGES, CD_PROGRAMS, makeBootCd, makeNetworkFolder } from './boot-media.ts'
export { cpuModelFor, tcgFor } from './cpu-model.ts'
export { readEfiPrograms, type EfiProgram } from './efi-programs.ts'
export { ENROL_PACKAGE, ENROL_PROGRAM } from './enrol-keys.ts'
export { copyVariables, findFirmware, firmwareAdvice, type FirmwareFiles } from './firmware.ts'
export { inspectHost, type HostRow, type HostFacts } from './inspect-host.ts'
export { launchMachine, type LaunchOptions, type RunningMachine } from './launch.ts'
export { letGo, type LetGoOptions } from './let-go.ts'
export { LineBuffer, type LineFeed } from './line-feed.ts'
export { acquireLock, tryAcquireLock } from './lock.ts'
export { mayStart, readPressure } from './host-pressure.ts'
export {
  AGENT_PORT,
  CALLS_PORT,
  INHERITED_CHANNELS,
  JOURNAL_PORT,
  PRIMARY_DISK_SERIAL,
} from './machine-config.ts'
export {
  cutDisk,
  eject,
  forgetFaults,
  hotCardId,
  hotDiskId,
  mendDisk,
  plugCard,
  plugDisk,
  plugPrivateCard,
  PRIVATE_CARD_PORT,
  removeNet,
  setLink,
  sparePorts,
  spoilDisk,
  type HotCard,
  type HotDisk,
  type Link,
} from './hot-plug.ts'
export { pathId } from './disk-arguments.ts'
export { connectPath } from './disk-path.ts'
export type {
  AcceleratorConfig,
  BootConfig,
  ChannelConfig,
  Channels,
  DiskBus,
  DiskConfig,
  MachineArchitecture,
  MachineConfig,
  MemoryFile,
  NetworkConfig,
} from './machine-config.ts'
export type { MachineEnd } from './machine-end.ts'
export { createMachineFolders, type MachineFolders } from './machine-folders.ts'
export {
  createEmptyDisk,
  createOverlay,
  createOverlayAhead,
  inspectBase,
  rebaseOverlay,
  virtualSize,
  type BaseDisk,
  type BaseDiskFacts,
} from './overlay.ts'
export {
  emulatorName,
  emulatorPackage,
  findProgram,
  inspectProgram,
  isSafeQemu,
  type ProgramFacts,
} from './programs.ts'
export type { KnownQmpEvent, QmpEvent, ShutdownReason } from './qmp-commands.ts'
export { isKnownEvent } from './qmp-commands.ts'
export { convertTo4096 } from './sector-size.ts'
export { QmpConnection, QmpError } from './qmp.ts'
export { reapDeadMachines, reapDetachedMachines, reapMachine, type Reaped } from './reap.ts'
export { cpuTime, type CpuTime } from './cpu-time.ts'
export { privateMemoryMiB } from './private-memory.ts'
export { measureSlowness, type Slowness } from './slowness.ts'
export { loadState, saveState, type MemoryPlace } from './state.ts'
export { killAndWait, stopOrderly, type StopBudgets } from './stop.ts'
export { startSoftwareTpm, type SoftwareTpm } from './swtpm.ts'
export {
  claimTemplate,
  listTemplates,
  type Claim,
  type StoredTemplate,
  type TemplateDraft,
  lookForTemplate,
} from './template/store.ts'
export {
  takeInventory,
  type OtherFolder,
  type PlaceUse,
  type TemplateEntry,
  type TemplateInventory,
} from './template/inventory.ts'
export { pruneTemplates, type PrunedTemplate } from './template/prune.ts'
export { templatePlaces, type TemplatePlace } from './template/place.ts'
export type { TemplateRecord } from './template/record.ts'
export { PRIVATE_NETWORK_FD, type PrivateNetworkConfig } from './machine-config.ts'
export {
  openSwitch,
  type EthernetSwitch,
  type PortCounters,
  type PortEnd,
  type SwitchPort,
} from './ethernet-switch.ts'
export {
  CLUSTER_DOMAIN,
  networkFile,
  PRIVATE_NETWORK_FILE,
  privateAddress,
  SERVICE_ADDRESSES,
  type PrivateAddress,
} from './private-network.ts'
export { openClusterNetwork, type ClusterNetwork, type ClusterNetworkOptions } from './cluster-network.ts'
export type { NetworkClock, TimeRequest } from './service-host/clock.ts'
