// When a test gets another attempt: product failures and infrastructure faults have budgets of their own, so that
// neither hides the other. Pure over the outcomes so far.

import type { KnownFailureMode, Outcome } from './model.ts'

export interface RetryBudget {
  /** More attempts after a product failure; default 0. */
  readonly retries: number
  /** More attempts after an infrastructure or harness fault; default 1. With `repeat`, of each repetition. */
  readonly infraRetries: number
}

export interface RetryPolicy extends RetryBudget {
  /** A test that is left as failed is tried once more at the end, with nothing beside it. */
  readonly retryIsolated: boolean
  /** Every test is run so often, whatever comes of it; undefined: once, and again as the budgets say. */
  readonly repeat: number | undefined
}

/** What follows an attempt: nothing, another one, or another one at the end with nothing beside it. */
export type NextAttempt = 'none' | 'again' | 'alone'

export interface RetryHistory {
  /** Those that count against the budgets, the last one just in. */
  readonly outcomes: readonly Outcome[]
  /** Whether the last attempt was an isolated one. */
  readonly alone: boolean
  readonly known: KnownFailureMode | undefined
}

/** What follows the last of these outcomes. A failure that is known is not tried again. */
export function nextAttempt(
  { outcomes, alone, known }: RetryHistory,
  policy: Omit<RetryPolicy, 'repeat'>,
): NextAttempt {
  const retries = known === undefined && !alone ? policy.retries : 0
  if (shouldRetry(outcomes, { ...policy, retries })) return alone ? 'alone' : 'again'
  const leftAsFailed = outcomes.includes('failed') && !outcomes.includes('passed')
  return policy.retryIsolated && known === undefined && leftAsFailed && !alone ? 'alone' : 'none'
}

/** Whether a repetition that has come to nothing `faults` times before, and now to `outcome`, is tried again. */
export function repeatAgain(outcome: Outcome, faults: number, { infraRetries }: RetryBudget): boolean {
  return (outcome === 'infra' || outcome === 'harness') && faults < infraRetries
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
