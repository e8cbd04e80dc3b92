// What the page holds, as data: a small index that is read when it opens, and details of attempts that are read when
// somebody looks. Times are milliseconds since the run began. All texts are plain: no escapes, no controls.

import type { MachineOrigin, Outcome, Verdict } from '../../harness/model.ts'

/** Read when the page opens. */
export interface PageIndex {
  readonly version: 1
  readonly title: string
  /** Address of the dashboard that shows the report; absent in a file. */
  readonly home?: string
  readonly runs: readonly PageRun[]
  /** Each test once, over all runs. */
  readonly tests: readonly PageTest[]
  /** Texts that many cells have in common: causes and reasons. */
  readonly causes: readonly string[]
  readonly verdicts: Readonly<Record<Verdict, number>>
  readonly planned: number
  readonly finished: number
  readonly notices: readonly PageNotice[]
  readonly gate?: PageGate
  /** What has to do with where a test ran. */
  readonly findings: readonly PageFinding[]
  /** Tests that no target runs; empty where there is one target only. */
  readonly nowhere: readonly PageNowhere[]
  /** Earlier green runs, for what is not green here. */
  readonly baselines: readonly PageBaseline[]
}

export interface PageNotice {
  readonly level: 'info' | 'warning'
  readonly message: string
}

/** Tests that came out so on the same targets, which an axis tells from the others. */
export interface PageFinding {
  readonly verdict: 'failed' | 'infra' | 'flaky'
  /** After the names of the tests: `fails only on arm64`. */
  readonly text: string
  /** Indexes into `tests`. */
  readonly tests: readonly number[]
  /** Indexes into `runs`. */
  readonly runs: readonly number[]
}

export interface PageNowhere {
  /** Index into `tests`. */
  readonly t: number
  readonly reasons: readonly string[]
}

/** A column of the matrix: one run on one target. */
export interface PageRun {
  readonly run: string
  readonly name: string
  /** What tells it from the other columns, or its name: a line each. */
  readonly label: readonly string[]
  readonly state: 'finished' | 'interrupted' | 'aborted' | 'incomplete'
  /** How it ended, where it did not finish. */
  readonly end?: string
  readonly endLines: readonly string[]
  /** ISO 8601 UTC. */
  readonly startedAt: string
  readonly durationMs: number
  /** Shown pairs: image, target, host, versions. */
  readonly facts: readonly (readonly [name: string, value: string])[]
  readonly notices: readonly PageNotice[]
  /** The command line that runs one of its tests again, without the test. */
  readonly rerun: readonly string[]
  readonly cells: readonly PageCell[]
}

export interface PageTest {
  readonly name: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly place?: string
  readonly group?: string
  readonly aliases?: readonly string[]
}

/** One test on one target; short names: there are thousands. */
export interface PageCell {
  /** Index into `tests`. */
  readonly t: number
  readonly v: Verdict
  readonly ms: number
  /** Index into `causes`. */
  readonly c?: number
  /** Stable code of its main failure. */
  readonly code?: string
  readonly known?: PageKnownFailure
  /** How often it passes, where it was repeated. */
  readonly rate?: string
  readonly a: readonly PageAttempt[]
}

export interface PageKnownFailure {
  readonly text: string
  /** An http(s) address, checked. */
  readonly tracker?: string
}

export interface PageAttempt {
  readonly n: number
  readonly o: Outcome | 'unfinished'
  readonly at: number
  readonly ms: number
  readonly kind?: 'audit' | 'isolated'
  /** Milliseconds of acquire, ready, body, collect, checks, teardown; null for one that was not reached. */
  readonly ph: readonly (number | null)[]
  /** Milliseconds from a machine's creation to SSH, the slowest of its machines. */
  readonly ssh?: number
  readonly fork?: true
  /** Where its detail is: chunk and place in it. Absent: it was left out to keep the file small. */
  readonly d?: readonly [chunk: number, place: number]
  /** The same for the lines of its logs. */
  readonly l?: readonly [chunk: number, place: number]
}

/** A green attempt of an earlier run. */
export interface PageBaseline {
  readonly run: string
  readonly startedAt: string
  readonly image?: string
  /** Index into `tests`. */
  readonly t: number
  readonly target: string
  readonly a: PageAttempt
}

/** What the gate decided, as it is shown on top. */
export interface PageGate {
  readonly channel: string
  readonly outcome: 'promote' | 'hold' | 'need-more-results'
  readonly summary: string
  readonly unsatisfied: readonly PageRequirement[]
  /** Unsatisfied ones that are not listed. */
  readonly more: number
  readonly satisfied: number
  readonly facts: readonly (readonly [name: string, value: string])[]
}

export interface PageRequirement {
  readonly kind: string
  readonly rule: string
  readonly test?: string
  readonly target?: string
  readonly message: string
  /** The command that would satisfy it. */
  readonly command?: string
}

export type Lane =
  | 'phase'
  | 'step'
  | 'fault'
  | 'command'
  | 'request'
  | 'machine'
  | 'subtest'
  | 'log'
  | 'journal'
  | 'console'

/** Something on the clock of the run. */
export interface TimelineItem {
  readonly lane: Lane
  readonly at: number
  /** Absent: a moment; null: it never ended. */
  readonly end?: number | null
  readonly title: string
  readonly state?: 'ok' | 'failed' | 'warned' | 'skipped'
  /** Name of the machine. */
  readonly m?: string
  readonly depth?: number
  /** More about it: output of a command, the error of a step. */
  readonly text?: string
  /** Its time is not known: that of the line before it is given. */
  readonly about?: true
}

export interface PageFailure {
  readonly title: string
  readonly circumstances: string
  readonly hint?: string
  readonly place?: string
  readonly frame?: string
  readonly stack?: string
  readonly evidence?: string
  readonly soft?: true
  /** Names the failure in histories and waivers. */
  readonly fingerprint: string
}

export interface PageMachine {
  readonly name: string
  readonly origin: MachineOrigin
  readonly platform: string
  readonly at: number
  readonly end?: number
  readonly facts: readonly (readonly [name: string, value: string])[]
  readonly milestones: readonly (readonly [name: string, sinceMs: number])[]
}

export interface PageFile {
  readonly name: string
  readonly path: string
  /** Relative, safe to follow; true: the path as it is; absent where opening it could act. */
  readonly href?: string | true
  readonly bytes: number
  readonly m?: string
}

export interface PageMetric {
  readonly name: string
  readonly value: number
  /** `ms`, `MiB`, ...; empty for a bare number. */
  readonly unit: string
  readonly m?: string
}

/** Read when somebody looks at the attempt. */
export interface AttemptDetail {
  readonly failures: readonly PageFailure[]
  readonly reason?: string
  readonly items: readonly TimelineItem[]
  readonly machines: readonly PageMachine[]
  readonly files: readonly PageFile[]
  /** What was measured in it, in the order of its events. */
  readonly metrics: readonly PageMetric[]
  /** What is not here, in words. */
  readonly omitted: readonly string[]
}

/** Lines of consoles and journals, read apart from the rest. */
export interface AttemptLogs {
  readonly items: readonly TimelineItem[]
  readonly omitted: readonly string[]
}
