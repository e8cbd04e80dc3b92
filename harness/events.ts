// The event stream: every step of a run appends one event to `events.jsonl`; every report is derived from events and
// nothing else. Versioned; identifiers are global; paths are posix and relative to the run's folder.

import type {
  Failure,
  ImageIdentity,
  MachineOrigin,
  Outcome,
  Phase,
  PlannedTest,
  Target,
  Verdict,
  VerdictCounts,
} from './model.ts'

/** Bumped when a reader of the old shape would go wrong; readers accept every older version. */
export const EVENT_VERSION = 1

/** Which attempt an event belongs to. `n` counts from 1. */
export interface AttemptRef {
  readonly test: string
  readonly n: number
}

/** What every event carries: version, place in the stream, wall clock (ISO 8601 UTC), milliseconds since the run began. */
export interface Envelope {
  readonly v: number
  readonly run: string
  readonly seq: number
  readonly at: string
  readonly ms: number
}

/** How quiet it was when an isolated attempt began. */
export interface Isolation {
  /** Waited for the host to become quiet. */
  readonly waitedMs: number
  readonly quiet: boolean
}

export type StepCategory =
  | 'test.step'
  | 'hook'
  | 'expect'
  | 'boot'
  | 'reboot'
  | 'upload'
  | 'download'
  | 'power'
  | 'network'
  | 'update'

/** One application in a request to the update server. Texts come from a guest. */
export interface UpdateExchange {
  readonly appId: string
  readonly version: string
  readonly track: string
  readonly machineId: string
  readonly status: string
  /** The answer to its update check: `ok`, `noupdate`, ... */
  readonly check?: string
  /** The version that it was offered. */
  readonly offered?: string
  /** What it reported: names of Omaha's types and results. */
  readonly events?: readonly {
    readonly type: string
    readonly result: string
    readonly errorCode?: number
    readonly previousVersion?: string
  }[]
}

export type EventBody =
  | {
      readonly type: 'run.started'
      readonly command: readonly string[]
      /** The options that were given beside it, but those that choose tests: what a rerun of one of them needs. */
      readonly options?: readonly string[]
      readonly tool: { readonly name: 'signalbox'; readonly version: string }
      /** The name of its target, where the command runs several. */
      readonly cell?: string
      readonly host: Readonly<Record<string, string | number>>
    }
  | {
      readonly type: 'run.planned'
      readonly target: Target
      readonly image: ImageIdentity
      /** `sha256:<hex>` of the canonical plan: the expected set, fixed before the first machine. */
      readonly digest: string
      readonly tests: readonly PlannedTest[]
      readonly jobs: number
      readonly budget: { readonly memoryMiB: number; readonly cpus: number }
      /** Of the platform: its accelerator, the version of its emulator. */
      readonly facts?: Readonly<Record<string, string | number>>
      /** Which part of the selected tests this run has; the others are other runs. */
      readonly shard?: { readonly index: number; readonly count: number }
      /** Every test is run so often, whatever comes of it; absent: once, and again as the retries say. */
      readonly repeat?: number
      /** A flaky test fails the run. */
      readonly failOnFlaky?: boolean
    }
  /** Something the user should know that is no test's fault: KVM unusable, a stale run cleaned up. */
  | {
      readonly type: 'run.notice'
      readonly level: 'info' | 'warning'
      readonly code: string
      readonly message: string
    }
  | { readonly type: 'run.interrupted'; readonly signal: string }
  /** The run could not begin or go on: its target cannot be had, a service died, the disk is full. Never the image. */
  | {
      readonly type: 'run.aborted'
      readonly kind: 'usage' | 'infra' | 'harness'
      readonly code: string
      readonly message: string
      readonly hint?: string
      /** The last lines of what failed. */
      readonly evidence?: readonly string[]
    }
  | {
      readonly type: 'run.finished'
      readonly verdicts: VerdictCounts
      readonly exitCode: number
      readonly durationMs: number
    }
  | {
      readonly type: 'attempt.started'
      readonly attempt: AttemptRef
      readonly group?: string
      /** It repeats a forked attempt on a cold boot, to see whether they agree; it makes no verdict. */
      readonly audit?: boolean
      /** It repeats a failed attempt with nothing of the run beside it. */
      readonly isolated?: Isolation
    }
  | {
      readonly type: 'phase.started'
      readonly attempt: AttemptRef
      readonly phase: Phase
      readonly timeoutMs: number
    }
  | {
      readonly type: 'phase.finished'
      readonly attempt: AttemptRef
      readonly phase: Phase
      readonly durationMs: number
      readonly ok: boolean
    }
  | {
      readonly type: 'machine.created'
      readonly machine: string
      readonly name: string
      readonly attempts: readonly AttemptRef[]
      readonly platform: string
      /** How it came to be: booted, or later forked from a template. */
      readonly origin: MachineOrigin
      /** Facts of the machine: memory, cpus, accelerator, firmware, ssh address. */
      readonly facts: Readonly<Record<string, string | number>>
    }
  /**
   * A milestone of a machine's life: `kernel`, `journal`, `ssh`, `running`; `saved` when it has become a template for its
   * attempts. Milliseconds since it was created.
   */
  | {
      readonly type: 'machine.milestone'
      readonly machine: string
      readonly milestone: string
      readonly sinceMs: number
    }
  /** What the OS of a machine calls itself: the keys of os-release(5) that identify it. Hostile text. */
  | {
      readonly type: 'machine.identified'
      readonly machine: string
      readonly osRelease: Readonly<Record<string, string>>
    }
  | {
      readonly type: 'machine.exited'
      readonly machine: string
      readonly reason: string
      readonly expected: boolean
    }
  | { readonly type: 'machine.destroyed'; readonly machine: string; readonly durationMs: number }
  | {
      readonly type: 'command.finished'
      readonly attempt?: AttemptRef
      readonly machine: string
      readonly command: string
      /** It went over the harness's own line instead of SSH. */
      readonly over?: 'control'
      readonly exitCode: number | null
      readonly signal?: string
      readonly durationMs: number
      readonly stdoutBytes: number
      readonly stderrBytes: number
      /** At most the last 2 KiB of each. */
      readonly stdoutTail: string
      readonly stderrTail: string
    }
  | {
      readonly type: 'step.started'
      readonly attempt: AttemptRef
      readonly step: string
      readonly parent?: string
      readonly category: StepCategory
      readonly title: string
    }
  | {
      readonly type: 'step.finished'
      readonly attempt: AttemptRef
      readonly step: string
      readonly durationMs: number
      readonly error?: string
    }
  | {
      readonly type: 'log'
      readonly attempt?: AttemptRef
      readonly level: 'debug' | 'info' | 'warning'
      readonly message: string
    }
  | {
      readonly type: 'attachment'
      readonly attempt: AttemptRef
      readonly machine?: string
      readonly name: string
      readonly path: string
      readonly contentType: string
      readonly bytes: number
    }
  /** A figure that a test or the harness measured. */
  | {
      readonly type: 'metric'
      readonly attempt: AttemptRef
      readonly machine?: string
      readonly name: string
      readonly value: number
      /** `ms`, `MiB`, `count`, ...; empty for a bare number. */
      readonly unit: string
    }
  /** A part of a test that judges itself: a point of its TAP output. Texts come from a guest: hostile. */
  | {
      readonly type: 'subtest.finished'
      readonly attempt: AttemptRef
      readonly name: string
      readonly outcome: 'passed' | 'failed' | 'skipped' | 'todo'
      readonly message?: string
      readonly durationMs?: number
    }
  /**
   * A request that the update server of a test has answered, or left unanswered on purpose. Texts come from a guest: hostile.
   * `bytes` and `durationMs` are of the answer; `status` is absent when there was none.
   */
  | {
      readonly type: 'update.request'
      readonly attempt: AttemptRef
      readonly method: string
      readonly path: string
      readonly status?: number
      /** How it ended: `dropped` by a fault, `gone` when the client left. */
      readonly end: 'answered' | 'dropped' | 'gone'
      readonly range?: string
      readonly bytes: number
      readonly durationMs: number
      /** What the server did wrong on purpose: `slow`, `drop`, ... */
      readonly faults?: readonly string[]
      /** Why the server did not want it. */
      readonly refused?: string
      /** What each application asked over Omaha, and was told. */
      readonly apps?: readonly UpdateExchange[]
    }
  | {
      readonly type: 'attempt.finished'
      readonly attempt: AttemptRef
      readonly outcome: Outcome
      /** Why it was skipped, when it was. */
      readonly reason?: string
      readonly failures: readonly Failure[]
      /** Without `templateMs`. */
      readonly durationMs: number
      /** Spent before on a template that others fork too: booting and saving it, or waiting for who did. */
      readonly templateMs?: number
      /** Of a green test of a serial group false, although a test after it may have the whole group run again. */
      readonly willRetry: boolean
      /** The next attempt is made at the end of the run, with nothing beside it. */
      readonly retryAlone?: boolean
      /** Most other jobs of the run that ran at the same time; absent: none. */
      readonly beside?: number
    }
  | {
      readonly type: 'test.finished'
      readonly test: string
      readonly verdict: Verdict
      readonly reason?: string
      readonly attempts: number
      readonly durationMs: number
    }

export type SignalboxEvent = Envelope & EventBody

export type EventOf<T extends EventBody['type']> = Extract<SignalboxEvent, { type: T }>

/** Where the running parts write events; the log adds the envelope. Never throws. */
export type Emit = (event: EventBody) => void
