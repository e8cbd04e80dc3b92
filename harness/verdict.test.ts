import { expect, it } from 'vitest'
import type { Outcome, Verdict } from './model.ts'
import { shouldRetry } from './retry-policy.ts'
import { countVerdicts, exitCodeOf, verdictOf } from './verdict.ts'

it.each<[readonly Outcome[], Verdict]>([
  [[], 'missing'],
  [['passed'], 'passed'],
  [['failed'], 'failed'],
  [['failed', 'passed'], 'flaky'],
  [['infra', 'passed'], 'passed'],
  [['infra', 'infra'], 'infra'],
  [['harness'], 'infra'],
  [['infra', 'failed'], 'failed'],
  [['failed', 'infra'], 'failed'],
  [['skipped'], 'skipped'],
])('the outcomes %j make the verdict %s', (outcomes, verdict) => {
  expect(verdictOf(outcomes)).toBe(verdict)
})

it.each<[readonly Verdict[], { interrupted?: boolean; failOnFlaky?: boolean }, number]>([
  [['passed', 'skipped'], {}, 0],
  [['passed', 'flaky'], {}, 0],
  [['passed', 'flaky'], { failOnFlaky: true }, 1],
  [['failed', 'infra'], {}, 1],
  [['infra', 'passed'], {}, 3],
  [['missing'], {}, 3],
  [['failed'], { interrupted: true }, 130],
])('the verdicts %j with %j exit with %i', (verdicts, options, code) => {
  expect(
    exitCodeOf(countVerdicts(verdicts), options.interrupted === true ? 'interrupted' : 'finished', {
      failOnFlaky: options.failOnFlaky ?? false,
    }),
  ).toBe(code)
})

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
})
