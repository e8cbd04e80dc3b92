// What a decision looks at, as narrow data: runs, history, statements. Everything is made from the bytes of inputs, by pure
// functions; nothing here knows a file.

import type { ImageIdentity, Outcome, Verdict } from '../../harness/model.ts'
import type { DecisionInput } from './decision.ts'
import type { Policy } from './policy.ts'

/** One test of a run on its target. */
export interface GateCell {
  readonly test: string
  readonly aliases: readonly string[]
  readonly tags: readonly string[]
  readonly verdict: Verdict
  /** Why it was skipped, or how far a missing one got. */
  readonly reason?: string
  /** Of the attempts that make its verdict, in order. */
  readonly outcomes: readonly (Outcome | 'unfinished')[]
  /** Of each failed attempt the failure that decided. */
  readonly failures: readonly { readonly fingerprint: string; readonly message: string }[]
  readonly metrics: readonly { readonly name: string; readonly value: number }[]
}

/** One run on one target. */
export interface GateRun {
  readonly run: string
  /** Of the record it was read from. */
  readonly sha256: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly durationMs: number
  readonly state: 'finished' | 'interrupted' | 'aborted' | 'incomplete'
  readonly image: ImageIdentity
  readonly target: string
  /** The target without what differs between channels: the same before and after a promotion. */
  readonly place: string
  /** `sha256:<hex>` of the plan: the expected set. */
  readonly plan: string
  /** The tests in the record are not those of the plan; its results may lack some. */
  readonly planChanged: boolean
  readonly shard?: { readonly index: number; readonly count: number }
  /** Every attempt is a trial of its own, not only the first. */
  readonly repeat?: number
  /** Arguments of `signalbox run` that choose the same target and image, without tests. */
  readonly targetArguments: readonly string[]
  /** What it was asked to run. */
  readonly globs: readonly string[]
  readonly cells: readonly GateCell[]
}

/** How often a cell was tried in one run, and how often it failed although it can pass. */
export interface HistoryRow {
  readonly run: string
  /** ISO 8601, UTC. */
  readonly at: string
  readonly place: string
  readonly test: string
  readonly trials: number
  readonly flakes: number
}

/** A decision of the past. */
export interface LedgerEntry {
  /** The sha256 of its decision.json. */
  readonly decision: string
  readonly ruling: 'promote' | 'hold' | 'need-more-results'
  readonly channel: string
  /** Digests. */
  readonly images: readonly string[]
  readonly decidedAt: string
  /** Ids of the waivers that it applied. */
  readonly waivers: readonly string[]
}

/** A signed statement whose signatures have been checked against the signers of the policy. */
export interface CheckedStatement {
  /** Of the file. */
  readonly sha256: string
  /** Of what was signed: the same however often it is signed. */
  readonly payloadSha256: string
  readonly predicateType: string
  /** Hexadecimal sha256 of each subject. */
  readonly subjects: readonly string[]
  readonly predicate: Readonly<Record<string, unknown>>
  /** Names of signers whose signature is right. */
  readonly signedBy: readonly string[]
  /** Signatures that are wrong, or of nobody the policy knows. */
  readonly badSignatures: number
}

/** What instances of a lower channel report. */
export interface Canary {
  readonly channel: string
  readonly version: string
  readonly instances: number
  readonly errors: number
}

/** All that a decision is made of. */
export interface DecisionView {
  readonly channel: string
  /** Digests of the images that are to be promoted. */
  readonly images: readonly string[]
  /** ISO 8601, UTC. */
  readonly now: string
  readonly policy: Policy
  /** The sha256 of each signer's key, by name. */
  readonly keys: Readonly<Record<string, string>>
  readonly runs: readonly GateRun[]
  readonly baseline: readonly GateRun[]
  readonly history: readonly HistoryRow[]
  readonly ledger: readonly LedgerEntry[]
  readonly waivers: readonly CheckedStatement[]
  readonly approvals: readonly CheckedStatement[]
  readonly attestations: readonly CheckedStatement[]
  readonly canary?: Canary
  readonly inputs: readonly DecisionInput[]
}
