// A decision, as `decision.json` holds it and every reader sees it. It is a pure function of its inputs: nothing in it comes
// from anywhere else, the clock is one of them, and the same inputs give the same bytes. Texts are hostile: tests and guests
// chose them.

import type { ImageIdentity } from '../../harness/model.ts'

/** Bumped when a reader of the old shape would go wrong. */
export const DECISION_VERSION = 1

/**
 * `hold`: something speaks against the image. `need-more-results`: nothing does, but not everything that the policy asks for
 * is there yet.
 */
export type Ruling = 'promote' | 'hold' | 'need-more-results'

/** What a requirement is about, and so what is wrong when it is not satisfied. */
export type RequirementKind =
  /** A test that failed, or passed too seldom. */
  | 'failed'
  /** A test that failed at first and then passed, or does so more often than its budget admits. */
  | 'flaky'
  /** The platform or the harness failed: nothing is proved. */
  | 'infra'
  /** A test of the plan, or one that the policy asks for, has no result. */
  | 'missing'
  | 'skipped'
  /** It has a result, but an old one. */
  | 'stale'
  | 'metric'
  | 'soak'
  | 'canary'
  | 'attestation'
  | 'approval'

/** One thing that the policy asks for and that is not so. */
export interface Requirement {
  readonly kind: RequirementKind
  /** What it does to the decision. */
  readonly effect: 'hold' | 'need-more-results'
  /** The rule of the policy, by its name. */
  readonly rule: string
  /** One sentence. */
  readonly message: string
  readonly test?: string
  /** Name of the target. */
  readonly target?: string
  /** Of its failures, each once; a waiver is bound to one. */
  readonly fingerprints?: readonly string[]
  /** Whether the image that is promoted now fails there too; absent when nothing is known of it. */
  readonly redBefore?: boolean
  /** The command, as arguments, that would satisfy it; absent when no command would. */
  readonly command?: readonly string[]
  /** Not before this moment can it be satisfied; ISO 8601. */
  readonly notBefore?: string
  /** The waivers (their ids) by which it does not count. Absent in `unsatisfied`. */
  readonly waivers?: readonly string[]
}

/** What a rule came to: a line of the table. */
export interface RuleResult {
  readonly rule: string
  /** In a few words what it asks. */
  readonly asks: string
  /** Cells (test x target) or other things that it is about. */
  readonly total: number
  readonly satisfied: number
  readonly waived: number
  readonly unsatisfied: number
}

/** What was made of a waiver, and why it has no effect if it has none. */
export interface WaiverResult {
  /** The sha256 of what was signed. */
  readonly id: string
  readonly test: string
  readonly target: string
  readonly fingerprint: string
  readonly tracker: string
  readonly author: string
  readonly approver?: string
  readonly expires: string
  readonly state:
    | 'applied'
    /** The test did not fail, so there was nothing to waive. */
    | 'not-needed'
    /** It failed in another way. */
    | 'other-failure'
    | 'no-such-test'
    | 'expired'
    | 'used-up'
    | 'self-approved'
    | 'not-approved'
    | 'bad-signature'
    | 'unknown-signer'
    | 'not-admitted'
  readonly message: string
}

/** Something the reader of a decision should know, and that is no requirement. */
export interface DecisionNote {
  /** Stable: `other-image`, `from-the-future`, `duplicate`, `red-before`, ... */
  readonly code: string
  readonly message: string
}

export type InputKind =
  | 'policy'
  | 'run'
  | 'baseline'
  | 'history'
  | 'waiver'
  | 'approval'
  | 'attestation'
  | 'canary'
  | 'ledger'
  | 'signer'

/** A file that went in, byte for byte. */
export interface DecisionInput {
  readonly kind: InputKind
  /** For people: how the file was called. Only of a signer's key it counts: the path as the policy writes it. */
  readonly name: string
  /** Lower-case hexadecimal. */
  readonly sha256: string
  readonly bytes: number
}

export interface DecisionCounts {
  /** Cells that a rule of the policy is about. */
  readonly required: number
  /** Cells of the plans that no rule is about. */
  readonly notRequired: number
  readonly satisfied: number
  readonly waived: number
  readonly attempts: number
}

export interface Decision {
  readonly schemaVersion: typeof DECISION_VERSION
  readonly decision: Ruling
  /** One sentence. */
  readonly summary: string
  readonly channel: string
  /** Of the images that it is about: one or, with several architectures, more of one version. */
  readonly digests: readonly string[]
  /** Who they are, as their runs say; an image that no run tested is not here. */
  readonly images: readonly ImageIdentity[]
  /** The clock that went in: ISO 8601, UTC. */
  readonly decidedAt: string
  readonly counts: DecisionCounts
  readonly rules: readonly RuleResult[]
  /** Those that hold first, then by rule, target and test. */
  readonly unsatisfied: readonly Requirement[]
  /** Would be unsatisfied without their waivers. */
  readonly waived: readonly Requirement[]
  /** All commands that would bring missing results, each once. */
  readonly commands: readonly (readonly string[])[]
  readonly waivers: readonly WaiverResult[]
  readonly notes: readonly DecisionNote[]
  /** By kind, then by sha256. */
  readonly inputs: readonly DecisionInput[]
}
