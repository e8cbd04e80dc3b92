// Verdicts and exit codes, pure: what the attempts of a test mean together, and what the verdicts mean for a run.

import type { Outcome, Verdict, VerdictCounts } from './model.ts'

/** The verdict over all attempts, in order. No attempts is `missing`. */
export function verdictOf(outcomes: readonly Outcome[]): Verdict {
  if (outcomes.includes('passed')) return outcomes.includes('failed') ? 'flaky' : 'passed'
  if (outcomes.includes('failed')) return 'failed'
  if (outcomes.includes('skipped')) return 'skipped'
  return outcomes.length === 0 ? 'missing' : 'infra'
}

/** Counts verdicts. */
export function countVerdicts(verdicts: Iterable<Verdict>): VerdictCounts {
  const counts = { passed: 0, flaky: 0, failed: 0, infra: 0, skipped: 0, missing: 0 }
  for (const verdict of verdicts) counts[verdict] += 1
  return counts
}

/** Exit codes of design.md. A run with something missing has not proved its image: 3 unless a test failed. */
export function exitCodeOf(
  counts: VerdictCounts,
  options: { readonly interrupted: boolean; readonly failOnFlaky: boolean },
): number {
  if (options.interrupted) return 130
  if (counts.failed > 0 || (options.failOnFlaky && counts.flaky > 0)) return 1
  if (counts.infra > 0 || counts.missing > 0) return 3
  return 0
}
