// Whether the expected set in a record is the one that was fixed before the first machine.

import { planDigest } from '../../harness/plan-digest.ts'
import type { RunSummary } from '../run-summary.ts'

/**
 * The digest of the plan, computed again from the record's tests; undefined when the record holds no plan. It differs from
 * `plan.digest` when tests were added, left out or expected otherwise afterwards.
 */
export function planDigestOf(run: RunSummary): string | undefined {
  const { target, image, plan } = run
  if (target === undefined || image === undefined || plan === undefined) return undefined
  const tests = run.tests.flatMap(({ test, expectation, knownFailure }) =>
    expectation === undefined
      ? []
      : [{ test, expectation, ...(knownFailure === undefined ? {} : { knownFailure }) }],
  )
  return planDigest({ target, image, tests, repeat: plan.repeat })
}
