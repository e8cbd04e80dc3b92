// The bounds against published values, and against what they promise.

import { expect, it } from 'vitest'
import { lowerBound, trialsFor, upperBound } from './bound.ts'

// One-sided 95 % bounds are the ends of two-sided 90 % Clopper-Pearson intervals (R: binom.test(k, n, conf.level = 0.9)).
it.each([
  [0, 10, 0.95, 0.2588656],
  [1, 10, 0.95, 0.3941633],
  [5, 10, 0.95, 0.7775589],
  [10, 10, 0.95, 1],
  [2, 100, 0.95, 0.0616198],
  [0, 59, 0.95, 0.0495067],
  [0, 0, 0.95, 1],
])('of %i in %i, %f: at most %f', (count, trials, confidence, expected) => {
  expect(upperBound(count, trials, confidence)).toBeCloseTo(expected, 4)
})

it.each([
  [0, 10, 0.95, 0],
  [1, 10, 0.95, 0.0051162],
  [5, 10, 0.95, 0.2224411],
  [10, 10, 0.95, 0.7411344],
])('of %i in %i, %f: at least %f', (count, trials, confidence, expected) => {
  expect(lowerBound(count, trials, confidence)).toBeCloseTo(expected, 4)
})

it.each([
  [0, 0.05, 0.95, 59],
  [0, 0.05, 0.9, 45],
  [1, 0.05, 0.95, 93],
  [0, 0.01, 0.95, 299],
])('%i flakes, a budget of %f at %f: %i trials', (count, rate, confidence, trials) => {
  expect(trialsFor(count, rate, confidence)).toBe(trials)
  expect(upperBound(count, trials, confidence)).toBeLessThanOrEqual(rate)
  expect(upperBound(count, trials - 1, confidence)).toBeGreaterThan(rate)
})

it('a budget that nothing can prove has no number of trials', () => {
  expect(trialsFor(0, 1e-9, 0.95)).toBeUndefined()
})
