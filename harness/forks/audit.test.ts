import { describe, expect, test } from 'vitest'
import type { Outcome } from '../model.ts'
import { compareOutcomes, isAudited } from './audit.ts'

const tests = Array.from({ length: 2000 }, (_, index) => `group.test-${index}`)
const sample = (share: number, seed: string): readonly string[] =>
  tests.filter((name) => isAudited(name, share, seed))

describe('the sample', () => {
  test('is nobody at 0, and everybody at 1', () => {
    expect(sample(0, 's')).toEqual([])
    expect(sample(1, 's')).toEqual(tests)
  })

  test('is about the share asked for', () => {
    for (const share of [0.05, 0.5, 0.9]) {
      expect(sample(share, 's').length / tests.length).toBeGreaterThan(share - 0.04)
      expect(sample(share, 's').length / tests.length).toBeLessThan(share + 0.04)
    }
  })

  test('is the same for a seed, and another one in another run', () => {
    expect(sample(0.05, 'one')).toEqual(sample(0.05, 'one'))
    expect(sample(0.05, 'one')).not.toEqual(sample(0.05, 'two'))
  })

  test('grows with the share', () => {
    expect(sample(0.3, 's')).toEqual(expect.arrayContaining([...sample(0.1, 's')]))
  })
})

test.each<[Outcome, Outcome, ReturnType<typeof compareOutcomes>]>([
  ['passed', 'passed', { kind: 'agrees' }],
  ['failed', 'failed', { kind: 'agrees' }],
  ['passed', 'failed', { kind: 'diverges', reason: 'it passed on a fork and failed on a cold boot' }],
  ['failed', 'passed', { kind: 'diverges', reason: 'it failed on a fork and passed on a cold boot' }],
  ['passed', 'skipped', { kind: 'diverges', reason: 'it passed on a fork and skipped on a cold boot' }],
  ['passed', 'infra', { kind: 'unknown' }],
  ['failed', 'infra', { kind: 'unknown' }],
  ['passed', 'harness', { kind: 'unknown' }],
])('%s on a fork and %s on a cold boot: %j', (forked, cold, finding) => {
  expect(compareOutcomes(forked, cold)).toEqual(finding)
})
