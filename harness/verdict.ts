// Verdicts and exit codes, pure: what the attempts of a test mean together, and what the verdicts mean for a run. The
// run and every report use these same functions.

import type { KnownFailureMode, Outcome, Verdict, VerdictCounts } from './model.ts'

/**
 * The verdict over all attempts, in order. No attempts is `missing`. A known failure makes a warning of what failed at
 * least once; with `must-fail`, what passed has failed.
 */
export function verdictOf(outcomes: readonly Outcome[], known?: KnownFailureMode): Verdict {
  const verdict = plainVerdictOf(outcomes)
  if (known === undefined || known === 'skip') return verdict
  if (verdict === 'failed' || verdict === 'flaky') return 'warned'
  return verdict === 'passed' && known === 'must-fail' ? 'failed' : verdict
}

function plainVerdictOf(outcomes: readonly Outcome[]): Verdict {
  if (outcomes.includes('passed')) return outcomes.includes('failed') ? 'flaky' : 'passed'
  if (outcomes.includes('failed')) return 'failed'
  if (outcomes.includes('skipped')) return 'skipped'
  return outcomes.length === 0 ? 'missing' : 'infra'
}

/** Codes of failures that only say that a fork did not work: the test is then booted, and nothing is counted. */
const forkFaults: ReadonlySet<string> = new Set([
  'fork-failed',
  'template-damaged',
  'template-not-saved',
  'state-not-saved',
  'state-not-loaded',
  'clone-not-renewed',
])

/** Whether a failure is the fork's own, and not the machine's or the test's. */
export function isForkFault(code: string): boolean {
  return forkFaults.has(code)
}

/** The verdicts in the order reports show them. */
export const verdictOrder: readonly Verdict[] = [
  'passed',
  'flaky',
  'warned',
  'failed',
  'infra',
  'skipped',
  'missing',
]

/** All zero. */
export const noVerdicts: VerdictCounts = {
  passed: 0,
  flaky: 0,
  warned: 0,
  failed: 0,
  infra: 0,
  skipped: 0,
  missing: 0,
}

/** Counts verdicts. */
export function countVerdicts(verdicts: Iterable<Verdict>): VerdictCounts {
  const counts = { ...noVerdicts }
  for (const verdict of verdicts) counts[verdict] += 1
  return counts
}

/** The sum of two counts. */
export function addVerdicts(a: VerdictCounts, b: VerdictCounts): VerdictCounts {
  return {
    passed: a.passed + b.passed,
    flaky: a.flaky + b.flaky,
    warned: a.warned + b.warned,
    failed: a.failed + b.failed,
    infra: a.infra + b.infra,
    skipped: a.skipped + b.skipped,
    missing: a.missing + b.missing,
  }
}

export interface ExitPolicy {
  /** A flaky test counts as a product failure. Default: false. */
  readonly failOnFlaky?: boolean
  /** A run in which no test ran proves nothing about the image: exit 3. Default: false, exit 0. */
  readonly failOnNothingRun?: boolean
}

/**
 * The exit code of design.md, the first that applies: 130 interrupted, 1 a product failure, 2 a target that cannot be had
 * as it was asked for, 3 infrastructure or harness failures, tests without a verdict or a stream that ends without a word,
 * 77 only warnings, 0.
 */
export function exitCodeOf(
  verdicts: VerdictCounts,
  state: 'finished' | 'interrupted' | 'incomplete' | 'unusable',
  policy: ExitPolicy = {},
): 0 | 1 | 2 | 3 | 77 | 130 {
  if (state === 'interrupted') return 130
  if (verdicts.failed > 0) return 1
  if (policy.failOnFlaky === true && verdicts.flaky > 0) return 1
  if (state === 'unusable') return 2
  if (verdicts.infra > 0 || verdicts.missing > 0 || state === 'incomplete') return 3
  if (policy.failOnNothingRun === true && verdicts.passed + verdicts.flaky + verdicts.warned === 0) return 3
  return verdicts.warned > 0 ? 77 : 0
}

/** What the exit codes of several runs come to: the gravest. */
export function gravestExitCode(codes: readonly number[]): number {
  return [130, 1, 2, 3, 77].find((code) => codes.includes(code)) ?? 0
}
