// What a run comes to, as data: the shape every report is written from and that `run.json` holds. It is derived from
// events alone. Texts in it are as they came, so hostile: whoever shows one makes it safe first.

import type { Envelope, EventOf, Isolation, StepCategory } from '../harness/events.ts'
import type {
  Failure,
  ImageIdentity,
  KnownFailure,
  MachineOrigin,
  Outcome,
  Phase,
  PlannedTest,
  SourceLocation,
  Target,
  Verdict,
  VerdictCounts,
} from '../harness/model.ts'
import type { PassRate } from './pass-rate.ts'

/**
 * What `run.json` says it is. The number is bumped when a reader of the old shape would go wrong; readers accept every
 * older one (`record/upgrade.ts`).
 */
export const RUN_SCHEMA = 'signalbox.run/2'

/** Something a reader should know that is no test's fault. */
export interface Notice {
  readonly level: 'info' | 'warning'
  readonly code: string
  readonly message: string
}

export interface PhaseSummary {
  readonly phase: Phase
  /** `null` when the phase never ended. */
  readonly durationMs: number | null
  readonly ok: boolean | null
}

export interface StepSummary {
  readonly title: string
  readonly category: StepCategory
  readonly durationMs: number | null
  readonly error?: string
}

/** One command that ran on a machine; the tails are at most `LONGEST_TAIL` characters. */
export interface CommandSummary {
  readonly machine: string
  readonly command: string
  readonly exitCode: number | null
  readonly signal?: string
  readonly durationMs: number
  readonly stdoutTail: string
  readonly stderrTail: string
}

export interface AttachmentSummary {
  readonly name: string
  /** Posix, relative to the run's folder. */
  readonly path: string
  readonly contentType: string
  readonly bytes: number
  readonly machine?: string
}

/** A part of a test that judged itself: a point of its TAP output. */
export interface SubtestSummary {
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'skipped' | 'todo'
  readonly message?: string
  readonly durationMs?: number
}

/** A failure with what stays the same of it from run to run. */
export interface RecordedFailure extends Failure {
  /** `f1-<16 hex digits>`, see `record/fingerprint.ts`. */
  readonly fingerprint: string
}

/** A figure that a test measured, or the harness: how long a boot took, how much memory was used. */
export interface MetricSummary {
  /** Dotted, lower case: `boot.ssh`, `memory.idle`. */
  readonly name: string
  readonly value: number
  /** `ms`, `MiB`, `count`, ...; empty for a bare number. */
  readonly unit: string
  readonly machine?: string
}

/** A request that an update client made to the update server of the test. Texts come from a guest. */
export interface UpdateRequestSummary extends Omit<
  EventOf<'update.request'>,
  keyof Envelope | 'type' | 'attempt'
> {
  /** Milliseconds since the run began. */
  readonly endedMs: number
}

export interface AttemptSummary {
  readonly n: number
  /** `unfinished`: it started and the stream ends before its outcome. */
  readonly outcome: Outcome | 'unfinished'
  readonly reason?: string
  readonly group?: string
  /** It repeated a forked attempt on a cold boot, to see whether they agree; it made no verdict. */
  readonly audit?: boolean
  /** It repeated a failed attempt at the end of the run, with nothing of it beside. */
  readonly isolated?: Isolation
  /** Most other jobs of the run that ran at the same time; absent: none. */
  readonly beside?: number
  /** Milliseconds since the run began. */
  readonly startedMs: number
  /** Its own time, without `templateMs`. */
  readonly durationMs: number
  /** Spent on a template that others forked too. */
  readonly templateMs?: number
  readonly phases: readonly PhaseSummary[]
  readonly failures: readonly RecordedFailure[]
  /** Of the failure that decided: the first that is not soft, else the first. Absent when there is none. */
  readonly fingerprint?: string
  /** Absent when nothing was measured. At most 1000. */
  readonly metrics?: readonly MetricSummary[]
  readonly machines: readonly string[]
  readonly attachments: readonly AttachmentSummary[]
  /** All commands are counted; the last few are kept. */
  readonly commandCount: number
  readonly commands: readonly CommandSummary[]
  readonly stepCount: number
  readonly steps: readonly StepSummary[]
  /** All subtests are counted; the first ones and those that failed are kept. Absent when there were none. */
  readonly subtestCount?: number
  readonly subtests?: readonly SubtestSummary[]
  /** All are counted, the last ones are kept. Absent when there were none. */
  readonly updateRequestCount?: number
  readonly updateRequests?: readonly UpdateRequestSummary[]
}

export interface TestSummary {
  readonly test: string
  readonly verdict: Verdict
  /** Why it was skipped or only warns, why what passed has failed, or how far a missing one got. */
  readonly reason?: string
  readonly durationMs: number
  /** False when the plan does not name it: a broken stream. */
  readonly planned: boolean
  /** What the plan said of it before anything started; absent when the plan does not name it. */
  readonly expectation?: PlannedTest['expectation']
  readonly description?: string
  readonly location?: SourceLocation
  readonly tags: readonly string[]
  readonly aliases: readonly string[]
  readonly group?: string
  readonly knownFailure?: KnownFailure
  /** How often it was to be run; absent: until there was a verdict. */
  readonly repeat?: number
  /** Of a repeated test. */
  readonly rate?: PassRate
  readonly attempts: readonly AttemptSummary[]
}

export interface MachineSummary {
  readonly machine: string
  readonly name: string
  readonly platform: string
  readonly origin: MachineOrigin
  readonly attempts: readonly { readonly test: string; readonly n: number }[]
  readonly facts: Readonly<Record<string, string | number>>
  readonly milestones: readonly { readonly milestone: string; readonly sinceMs: number }[]
  readonly exit?: { readonly reason: string; readonly expected: boolean }
  readonly destroyed: boolean
}

/** Never the image's fault. */
export type RunAbort = Pick<EventOf<'run.aborted'>, 'kind' | 'code' | 'message' | 'hint' | 'evidence'>

export interface RunSummary {
  readonly run: string
  /** `incomplete`: the stream ends without a word: killed, or still running. */
  readonly state: 'finished' | 'interrupted' | 'aborted' | 'incomplete'
  readonly interruptedBy?: string
  /** Why it could not begin or go on. */
  readonly abortedBy?: RunAbort
  /** ISO 8601 UTC, of the first event. */
  readonly startedAt: string
  readonly durationMs: number
  readonly command: readonly string[]
  /** The options of the command line that do not choose tests. */
  readonly options?: readonly string[]
  readonly toolVersion?: string
  readonly host: Readonly<Record<string, string | number>>
  readonly target?: Target
  /** In a merged report, its name where that of its target is not enough to tell its tests from another run's. */
  readonly cell?: string
  /** As the command named it; there also where nothing was planned. */
  readonly targetName?: string
  readonly image?: ImageIdentity
  /** What the image says of itself when it runs: os-release(5), as far as it identifies a release. Text of a guest. */
  readonly osRelease?: Readonly<Record<string, string>>
  /** Of the platform: `accelerator`, `qemu` (its version), ... */
  readonly platformFacts?: Readonly<Record<string, string | number>>
  /** The expected set is `tests` with `planned: true`, in this order; `digest` covers it (harness/plan-digest.ts). */
  readonly plan?: Pick<
    EventOf<'run.planned'>,
    'digest' | 'jobs' | 'budget' | 'shard' | 'repeat' | 'failOnFlaky'
  >
  readonly planned: number
  readonly finished: number
  /** The tests that were planned to run and have no verdict. */
  readonly missing: readonly string[]
  readonly verdicts: VerdictCounts
  /** Recomputed from the verdicts; `recordedExitCode` is what the run itself ended with. */
  readonly exitCode: number
  readonly recordedExitCode?: number
  /** In the order of the plan. */
  readonly tests: readonly TestSummary[]
  readonly machines: readonly MachineSummary[]
  readonly notices: readonly Notice[]
}

/** The run record: one or several runs; several after a merge or of several targets, each with its own target and plan. */
export interface Summary {
  readonly schema: typeof RUN_SCHEMA
  readonly planned: number
  readonly finished: number
  readonly missing: readonly {
    readonly run: string
    readonly target: string
    readonly test: string
  }[]
  readonly verdicts: VerdictCounts
  readonly exitCode: number
  readonly durationMs: number
  readonly runs: readonly RunSummary[]
  /** Of reading the events: broken lines, a stream that was cut off. */
  readonly notices: readonly Notice[]
}

/** The attempts that made the verdict. */
export function judgedAttempts({ attempts }: Pick<TestSummary, 'attempts'>): readonly AttemptSummary[] {
  return attempts.filter(({ audit }) => audit !== true)
}

/** Whether it passed and was to fail: the only failed test with an attempt that passed. */
export function isFixed(test: Pick<TestSummary, 'verdict' | 'attempts'>): boolean {
  return test.verdict === 'failed' && judgedAttempts(test).some(({ outcome }) => outcome === 'passed')
}

/** The attempts that only confirmed, or did not. */
export function audits({ attempts }: Pick<TestSummary, 'attempts'>): readonly AttemptSummary[] {
  return attempts.filter(({ audit }) => audit === true)
}

/** The name that a run is shown under: its target's, in a merged report perhaps with more. */
export function cellName(run: RunSummary): string {
  return run.cell ?? targetName(run)
}

/** The name of a run's target. */
export function targetName(run: RunSummary): string {
  return run.target?.name ?? run.targetName ?? 'unknown target'
}
