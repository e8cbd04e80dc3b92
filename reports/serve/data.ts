// What the pages of the dashboard hold, as data. All texts are plain and bounded, all addresses are made here: nothing that a
// guest or a record says becomes either as it is.

import type { Outcome, Verdict, VerdictCounts } from '../../harness/model.ts'
import type { PageGate } from '../html/data.ts'

export type DashboardPage = BoardPage | TestsPage | TrendPage | ComparePage | LivePage | ProblemPage

export interface BoardPage {
  readonly page: 'board'
  readonly title: string
  readonly channels: readonly ChannelState[]
  /** Whether only decisions count that a given key signed. */
  readonly areSigned: boolean
  readonly live: readonly RunProgress[]
  readonly runs: readonly RunRow[]
  readonly notes: readonly string[]
  /** Commands to begin with, where something is empty. */
  readonly noDecisions?: string
  readonly noRuns?: string
}

/** A channel: what is in it, what stands before it. */
export interface ChannelState {
  readonly name: string
  readonly promoted?: ImageAt
  /** The latest decision on another image. */
  readonly next?: {
    readonly image: ImageAt
    readonly gate: PageGate
    readonly compare?: string
  }
  /** The newest image that was tested in it, where there is no decision on it. */
  readonly undecided?: ImageAt & { readonly href: string }
  /** Earlier decisions, the newest first. */
  readonly past: readonly (ImageAt & { readonly outcome: PageGate['outcome'] })[]
}

export interface ImageAt {
  readonly version: string
  readonly digests: readonly string[]
  /** ISO 8601 UTC. */
  readonly at: string
}

/** A run of the results folder. */
export interface RunProgress {
  readonly href: string
  /** `stopped`: nothing was written for a while, and it has no end. */
  readonly state: 'live' | 'ended' | 'stopped'
  readonly targets: readonly string[]
  readonly images: readonly string[]
  readonly startedAt: string
  /** Tests of the plan, skipped ones too. */
  readonly planned: number
  readonly verdicts: VerdictCounts
  readonly running: readonly string[]
  readonly moreRunning: number
  /** How its parts ended. */
  readonly ends: readonly string[]
}

export interface RunRow {
  readonly run: string
  readonly href: string
  readonly at: string
  readonly durationMs: number
  readonly target: string
  readonly image: string
  readonly state: string
  readonly verdicts: VerdictCounts
}

export interface Interval {
  readonly passed: number
  readonly judged: number
  readonly rate: number
  readonly low: number
  readonly high: number
}

export interface TestsPage {
  readonly page: 'tests'
  readonly title: string
  readonly days: number
  readonly tests: readonly TestRow[]
  readonly more: number
}

export interface TestRow {
  readonly name: string
  readonly href: string
  readonly rate?: Interval
  readonly durationMs?: number
  readonly flaky: number
  readonly failed: number
  readonly infra: number
  /** Place among the flaky tests; 1 is the surest. */
  readonly flakeRank?: number
}

export interface TrendPage {
  readonly page: 'trend'
  readonly title: string
  readonly test: string
  readonly days: number
  /** Spans to choose from, and targets; the chosen one has no address. */
  readonly spans: readonly Choice[]
  readonly targets: readonly Choice[]
  readonly rate?: Interval
  readonly flake?: {
    readonly rank: number
    readonly of: number
    readonly flaky: number
    readonly judged: number
    readonly low: number
    readonly high: number
  }
  readonly trend: readonly TrendPoint[]
  readonly failures: readonly FailureRow[]
  readonly attempts: readonly AttemptRow[]
}

export interface Choice {
  readonly name: string
  readonly href?: string
}

export interface TrendPoint {
  /** `2026-11-28`. */
  readonly day: string
  readonly rate?: Interval
  readonly durationMs?: number
  readonly flaky: number
  readonly failed: number
  readonly infra: number
}

export interface AttemptRow {
  readonly outcome: Outcome | 'unfinished'
  readonly href: string
  readonly at: string
  readonly target: string
  readonly version: string
  readonly n: number
  readonly durationMs: number
  readonly fingerprint?: string
  readonly message?: string
}

export interface FailureRow {
  readonly fingerprint: string
  readonly message: string
  readonly count: number
  readonly first: string
  readonly firstVersion: string
  readonly last: string
  readonly href: string
}

export interface ComparePage {
  readonly page: 'compare'
  readonly title: string
  readonly images: readonly { readonly value: string; readonly name: string }[]
  readonly before: string
  readonly after: string
  /** Absent until two images are chosen. */
  readonly result?: {
    readonly groups: readonly CompareGroup[]
    readonly figures: readonly FigureRow[]
    readonly moreFigures: number
  }
}

export interface CompareGroup {
  readonly title: string
  readonly tone: Verdict
  readonly cells: readonly CompareRow[]
  readonly more: number
}

export interface CompareRow {
  readonly test: string
  readonly href: string
  readonly target: string
  readonly before?: VerdictLink
  readonly after?: VerdictLink
  readonly fingerprint?: string
}

export interface VerdictLink {
  readonly verdict: Verdict
  readonly href: string
}

export interface FigureRow {
  readonly test: string
  readonly href: string
  readonly target: string
  readonly name: string
  readonly unit: string
  readonly before: number
  readonly after: number
  /** `after / before`. */
  readonly ratio: number
}

export interface LivePage {
  readonly page: 'live'
  readonly title: string
  readonly run: string
}

export interface ProblemPage {
  readonly page: 'problem'
  readonly title: string
  readonly message: string
  readonly hint?: string
}

interface Of {
  readonly run: string
  readonly test: string
  readonly n: number
}

/** What streams in from a live run. `ms`: since it began; `took`: how long it took. */
export type LiveItem =
  | { readonly k: 'run'; readonly run: string; readonly at: string; readonly name?: string }
  | {
      readonly k: 'plan'
      readonly run: string
      readonly name: string
      readonly image: string
      readonly planned: number
      readonly skipped: number
    }
  | { readonly k: 'notice'; readonly run: string; readonly level: 'info' | 'warning'; readonly text: string }
  | { readonly k: 'end'; readonly run: string; readonly text: string }
  | (Of & { readonly k: 'attempt'; readonly ms: number })
  | (Of & { readonly k: 'doing'; readonly what: string; readonly ms: number })
  | (Of & {
      readonly k: 'outcome'
      readonly outcome: Outcome
      readonly took: number
      readonly text?: string
    })
  | {
      readonly k: 'verdict'
      readonly run: string
      readonly test: string
      readonly verdict: Verdict
      readonly took: number
      readonly text?: string
    }
