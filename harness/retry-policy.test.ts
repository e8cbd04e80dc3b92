// Who is run again, as tables: the budgets of failures and faults, isolated attempts, repetitions, known failures.

import { expect, it } from 'vitest'
import type { Outcome } from './model.ts'
import { nextAttempt, repeatAgain, shouldRetry, type NextAttempt } from './retry-policy.ts'

it.each<[readonly Outcome[], boolean]>([
  [['passed'], false],
  [['skipped'], false],
  [['failed'], false],
  [['infra'], true],
  [['infra', 'infra'], false],
  [['infra', 'harness'], false],
  [['infra', 'failed'], false],
])('with no retries and one infra retry, %j is run again: %s', (outcomes, again) => {
  expect(shouldRetry(outcomes, { retries: 0, infraRetries: 1 })).toBe(again)
})

it('keeps the budgets of failures and faults apart', () => {
  const budget = { retries: 1, infraRetries: 1 }
  expect(shouldRetry(['failed', 'infra'], budget)).toBe(true)
  expect(shouldRetry(['failed', 'infra', 'failed'], budget)).toBe(false)
  for (const faults of [0, 1, 2, 3])
    for (const failures of [1, 2, 3]) {
      const before = [...Array<Outcome>(faults).fill('infra'), ...Array<Outcome>(failures).fill('failed')]
      // However many faults there were, what failures may cost is the same.
      expect(shouldRetry(before, { retries: 2, infraRetries: 1 })).toBe(failures <= 2)
    }
})

const policy = { retries: 1, infraRetries: 1, retryIsolated: true }

it.each<[readonly Outcome[], boolean, NextAttempt]>([
  [['passed'], false, 'none'],
  [['failed'], false, 'again'],
  [['failed', 'passed'], false, 'none'],
  [['failed', 'failed'], false, 'alone'],
  [['failed', 'failed', 'passed'], true, 'none'],
  [['failed', 'failed', 'failed'], true, 'none'],
  // A fault of the isolated attempt is paid by its own budget, and what follows is isolated too.
  [['failed', 'failed', 'infra'], true, 'alone'],
  [['failed', 'failed', 'infra', 'infra'], true, 'none'],
  // Left as failed, although the last one was a fault.
  [['infra', 'failed', 'infra'], false, 'alone'],
  [['infra', 'infra'], false, 'none'],
  [['skipped'], false, 'none'],
])('with one retry and isolated ones, after %j (alone: %s) comes: %s', (outcomes, alone, next) => {
  expect(nextAttempt({ outcomes, alone, known: undefined }, policy)).toBe(next)
})

it.each<[readonly Outcome[], NextAttempt]>([
  [['failed'], 'none'],
  [['infra'], 'again'],
  [['infra', 'failed'], 'none'],
])('a failure that is known costs no retry, a fault does: after %j comes %s', (outcomes, next) => {
  for (const known of ['warn', 'must-fail'] as const)
    expect(nextAttempt({ outcomes, alone: false, known }, policy)).toBe(next)
})

it.each<[Outcome, number, boolean]>([
  ['infra', 0, true],
  ['harness', 1, true],
  ['infra', 2, false],
  ['failed', 0, false],
  ['passed', 0, false],
])('a repetition that ends %s after %i faults is tried again: %s', (outcome, faults, again) => {
  expect(repeatAgain(outcome, faults, { retries: 0, infraRetries: 2 })).toBe(again)
})
