// A policy: what a channel asks of an image, as data that has been read and checked. One file a channel.

/** Which cells (test x target) a rule is about: those that every part admits. */
export interface Selector {
  /** Names, aliases, prefixes or globs, `!` in front leaves out; default: every test. */
  readonly tests: readonly string[]
  /** One of these tags; `!slow` leaves out; default: any. */
  readonly tags: readonly string[]
  /** Names or globs of targets, `!` in front leaves out; default: every target. */
  readonly targets: readonly string[]
}

/** How often a cell must pass. */
export type Passes =
  | { readonly kind: 'first-attempt' }
  | { readonly kind: 'any-attempt' }
  /** At least `passes` of the last `of` attempts that judged the image. */
  | { readonly kind: 'some'; readonly passes: number; readonly of: number }
  /** It is shown and decides nothing. */
  | { readonly kind: 'nothing' }

/** How often a cell may fail and then pass, by all that is known of it. */
export interface FlakeBudget {
  /** The rate that its upper confidence bound must not be above; 0 to 1. */
  readonly atMost: number
  /** One-sided; 0 to 1. */
  readonly confidence: number
  /** How far back the history counts, in milliseconds. */
  readonly historyMs: number
}

/** What is asked of cells. The first rule that is about a cell is the one that counts for it. */
export interface CellRule extends Selector {
  readonly name: string
  readonly require: Passes
  readonly skipped: 'block' | 'allow'
  /** A test whose failure is known (`signalbox-known-failures.yaml`) and that only warns. */
  readonly knownFailures: 'block' | 'allow'
  /** A failure that the promoted image has too. `allow` names it and goes on. */
  readonly redBefore: 'block' | 'allow'
  readonly flakes?: FlakeBudget
}

/** A figure that attempts measured, against a limit or against the promoted image. The median over attempts counts. */
export interface MetricRule extends Selector {
  readonly name: string
  readonly metric: string
  readonly atMost?: number
  readonly atLeast?: number
  /** Relative to the promoted image: 0.1 is ten percent more. */
  readonly atMostMore?: number
  readonly atMostLess?: number
}

export interface SoakRule {
  /** The channel below. */
  readonly channel: string
  /** How long the image must have been promoted there, in milliseconds. */
  readonly atLeastMs: number
  readonly canary?: {
    /** Share of instances with an error, 0 to 1. */
    readonly errorRateAtMost: number
    readonly instancesAtLeast: number
  }
}

/** A signed statement that must be there. */
export interface AttestationRule {
  readonly name: string
  readonly predicateType: string
  /** What it must be about: every image, or every run record. */
  readonly of: 'image' | 'runs'
  /** Names of signers; one suffices. */
  readonly signedBy: readonly string[]
}

export interface ApprovalRule {
  readonly atLeast: number
  /** Names of signers. */
  readonly from: readonly string[]
}

export interface WaiverRule {
  /** Who may write and approve them: names of signers. */
  readonly from: readonly string[]
  /** From its writing to its expiry, in milliseconds. */
  readonly atMostMs: number
}

export interface Policy {
  readonly channel: string
  readonly description?: string
  readonly rules: readonly CellRule[]
  /** Share of the required cells whose platform or harness failed at least once, 0 to 1. */
  readonly infraAtMost?: number
  /** No result may be older, in milliseconds. */
  readonly freshMs?: number
  /** How far clocks of hosts may be ahead of ours, in milliseconds. */
  readonly clockSkewMs: number
  readonly metrics: readonly MetricRule[]
  readonly soak?: SoakRule
  readonly attestations: readonly AttestationRule[]
  readonly approvals?: ApprovalRule
  /** Absent: no waiver has an effect. */
  readonly waivers?: WaiverRule
  /** People and machines that sign, and their public keys: PEM, or the path of a PEM file beside the policy. */
  readonly signers: Readonly<Record<string, string>>
}
