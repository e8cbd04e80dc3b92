import { expect, it } from 'vitest'
import type { KnownFailureMode, Outcome, Verdict } from './model.ts'
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

it.each<[readonly Outcome[], KnownFailureMode, Verdict]>([
  [['failed'], 'warn', 'warned'],
  [['failed'], 'must-fail', 'warned'],
  [['passed'], 'warn', 'passed'],
  [['passed'], 'must-fail', 'failed'],
  [['infra', 'failed'], 'warn', 'warned'],
  [['infra', 'passed'], 'must-fail', 'failed'],
  [['failed', 'passed'], 'warn', 'warned'],
  [['failed', 'passed'], 'must-fail', 'warned'],
  [['infra', 'infra'], 'must-fail', 'infra'],
  [['harness'], 'warn', 'infra'],
  [['skipped'], 'must-fail', 'skipped'],
  [[], 'warn', 'missing'],
])('where a failure is known, the outcomes %j with %s make the verdict %s', (outcomes, known, verdict) => {
  expect(verdictOf(outcomes, known)).toBe(verdict)
})

const all: readonly Outcome[] = ['passed', 'failed', 'skipped', 'infra', 'harness']
/** Every sequence of up to four outcomes. */
const sequences = [1, 2, 3, 4].flatMap((length) =>
  Array.from({ length: all.length ** length }, (_, at) =>
    Array.from({ length }, (__, place) => all[Math.floor(at / all.length ** place) % all.length] ?? 'passed'),
  ),
)

it('faults of the platform and of the harness make no verdict red or green, whatever else there was', () => {
  for (const known of [undefined, 'warn', 'must-fail'] as const)
    for (const outcomes of sequences) {
      const judged = outcomes.filter((outcome) => outcome !== 'infra' && outcome !== 'harness')
      const expected = judged.length === 0 ? 'infra' : verdictOf(judged, known)
      expect([outcomes, verdictOf(outcomes, known)]).toEqual([outcomes, expected])
    }
})

it.each<[readonly Verdict[], { interrupted?: boolean; failOnFlaky?: boolean }, number]>([
  [['passed', 'skipped'], {}, 0],
  [['passed', 'flaky'], {}, 0],
  [['passed', 'flaky'], { failOnFlaky: true }, 1],
  [['failed', 'infra'], {}, 1],
  [['infra', 'passed'], {}, 3],
  [['missing'], {}, 3],
  [['passed', 'warned'], {}, 77],
  [['warned', 'flaky'], {}, 77],
  [['warned', 'flaky'], { failOnFlaky: true }, 1],
  [['warned', 'infra'], {}, 3],
  [['warned', 'failed', 'infra'], {}, 1],
  [['warned'], { interrupted: true }, 130],
  [['failed'], { interrupted: true }, 130],
])('the verdicts %j with %j exit with %i', (verdicts, options, code) => {
  expect(
    exitCodeOf(countVerdicts(verdicts), options.interrupted === true ? 'interrupted' : 'finished', {
      failOnFlaky: options.failOnFlaky ?? false,
    }),
  ).toBe(code)
})
