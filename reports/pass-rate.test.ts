// Wilson's interval against published figures and its own definition.

import { expect, test } from 'vitest'
import type { Outcome } from '../harness/model.ts'
import { passRateOf, passRateText } from './pass-rate.ts'

const outcomes = (passed: number, failed: number): readonly Outcome[] => [
  ...Array<Outcome>(passed).fill('passed'),
  ...Array<Outcome>(failed).fill('failed'),
]

// R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17 (1998), table I,
// method 3: Wilson's score without continuity correction.
test.each([
  [81, 263, 0.2553, 0.3662],
  [15, 148, 0.0624, 0.1605],
  [0, 20, 0, 0.1611],
  [1, 29, 0.0061, 0.1718],
])('%i of %i passed: %d to %d', (passed, judged, low, high) => {
  const found = passRateOf(outcomes(passed, judged - passed)) ?? expect.unreachable()
  expect(found.low).toBeCloseTo(low, 4)
  expect(found.high).toBeCloseTo(high, 4)
  expect(found.rate).toBe(passed / judged)
})

test('the ends are the rates from which what was seen is 1.96 standard errors away', () => {
  for (const judged of [1, 2, 7, 100, 1000])
    for (let passed = 0; passed <= judged; passed += Math.ceil(judged / 10)) {
      const { low, high, rate } = passRateOf(outcomes(passed, judged - passed)) ?? expect.unreachable()
      for (const end of [low, high]) {
        const isCertain = end === 0 || end === 1
        const errors = Math.abs(rate - end) / Math.sqrt((end * (1 - end)) / judged)
        if (!isCertain) expect(errors).toBeCloseTo(1.959964, 5)
      }
      expect(low).toBeLessThanOrEqual(rate)
      expect(high).toBeGreaterThanOrEqual(rate)
    }
})

test('what did not judge the image does not count', () => {
  expect(passRateOf(['infra', 'harness', 'skipped', 'unfinished'])).toBeUndefined()
  expect(passRateOf(['infra', 'passed', 'harness', 'failed'])).toMatchObject({ passed: 1, judged: 2 })
})

test.each([
  [20, 0, 'passed 20 of 20: 100 % (95 % interval 83.9 to 100 %)'],
  [0, 4, 'passed 0 of 4: 0 % (95 % interval 0 to 49 %)'],
  [2, 1, 'passed 2 of 3: 66.7 % (95 % interval 20.8 to 93.9 %)'],
  // Never rounded to always or never.
  [9999, 1, 'passed 9999 of 10000: 99.9 % (95 % interval 99.9 to 99.9 %)'],
])('%i and %i read: %s', (passed, failed, text) => {
  expect(passRateText(passRateOf(outcomes(passed, failed)) ?? expect.unreachable())).toBe(text)
})
