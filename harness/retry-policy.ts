// When a test gets another attempt: product failures and infrastructure faults have budgets of their own, so that
// neither hides the other. Pure over the outcomes so far.

import type { Outcome } from './model.ts'

export interface RetryBudget {
  /** More attempts after a product failure; default 0. */
  readonly retries: number
  /** More attempts after an infrastructure or harness fault; default 1. */
  readonly infraRetries: number
}

/** Whether a test with these outcomes, the last one just in, is run again. */
export function shouldRetry(outcomes: readonly Outcome[], budget: RetryBudget): boolean {
  const last = outcomes.at(-1)
  const faults = outcomes.filter((outcome) => outcome === 'infra' || outcome === 'harness').length
  const failures = outcomes.filter((outcome) => outcome === 'failed').length
  switch (last) {
    case undefined:
    case 'passed':
    case 'skipped':
      return false
    case 'failed':
      return failures <= budget.retries
    case 'infra':
    case 'harness':
      return faults <= budget.infraRetries
    default:
      return last satisfies never
  }
}
