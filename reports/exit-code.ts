// The exit code of design.md as a pure function of verdicts. 2 (usage) never comes from a run; 77 waits for warnings.

import type { Verdict, VerdictCounts } from '../harness/model.ts'

export interface ExitPolicy {
  /** A flaky test counts as a product failure. Default: false. */
  readonly failOnFlaky?: boolean
  /** A run in which no test ran proves nothing about the image: exit 3. Default: false, exit 0. */
  readonly failOnNothingRun?: boolean
}

export const noVerdicts: VerdictCounts = {
  passed: 0,
  flaky: 0,
  failed: 0,
  infra: 0,
  skipped: 0,
  missing: 0,
}

/** The verdicts in the order reports show them. */
export const verdictOrder: readonly Verdict[] = ['passed', 'flaky', 'failed', 'infra', 'skipped', 'missing']

/**
 * 130 interrupted, 1 a product failure, 3 only infrastructure or harness failures, tests without a verdict or a stream
 * that ends without a word, 0 otherwise.
 */
export function exitCodeOf(
  verdicts: VerdictCounts,
  state: 'finished' | 'interrupted' | 'incomplete',
  policy: ExitPolicy = {},
): 0 | 1 | 3 | 130 {
  if (state === 'interrupted') return 130
  if (verdicts.failed > 0) return 1
  if (policy.failOnFlaky === true && verdicts.flaky > 0) return 1
  if (verdicts.infra > 0 || verdicts.missing > 0 || state === 'incomplete') return 3
  if (policy.failOnNothingRun === true && verdicts.passed + verdicts.flaky === 0) return 3
  return 0
}

export function addVerdicts(a: VerdictCounts, b: VerdictCounts): VerdictCounts {
  return {
    passed: a.passed + b.passed,
    flaky: a.flaky + b.flaky,
    failed: a.failed + b.failed,
    infra: a.infra + b.infra,
    skipped: a.skipped + b.skipped,
    missing: a.missing + b.missing,
  }
}
