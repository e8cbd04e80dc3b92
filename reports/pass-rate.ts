// How often a repeated test passes, with the interval in which its true rate lies: of the attempts that judged the image,
// and no others.

import type { Outcome } from '../harness/model.ts'

export interface PassRate {
  readonly passed: number
  /** Attempts that passed or failed. */
  readonly judged: number
  /** `passed / judged`; 0 to 1. */
  readonly rate: number
  /** The 95 % Wilson score interval, 0 to 1. */
  readonly low: number
  readonly high: number
}

/** The 0.975 quantile of the normal distribution. */
const Z = 1.959963984540054

/**
 * The rate of these outcomes; undefined when none of them judged the image. The interval is Wilson's score interval
 * without continuity correction (E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
 * JASA 22, 1927), which holds for few attempts and for rates of 0 and 1 (Brown, Cai, DasGupta, "Interval estimation for a
 * binomial proportion", Statistical Science 16, 2001).
 */
export function passRateOf(outcomes: readonly (Outcome | 'unfinished')[]): PassRate | undefined {
  const count = (wanted: Outcome): number => outcomes.filter((outcome) => outcome === wanted).length
  return passRateOfCounts(count('passed'), count('failed'))
}

/** The same of counts; undefined when both are 0. */
export function passRateOfCounts(passed: number, failed: number): PassRate | undefined {
  const judged = passed + failed
  if (judged === 0) return undefined
  const rate = passed / judged
  const zz = Z * Z
  const middle = rate + zz / (2 * judged)
  const spread = Z * Math.sqrt((rate * (1 - rate)) / judged + zz / (4 * judged * judged))
  const scale = 1 + zz / judged
  return {
    passed,
    judged,
    rate,
    // What rounding leaves beside 0 and 1 is taken away.
    low: passed === 0 ? 0 : (middle - spread) / scale,
    high: passed === judged ? 1 : (middle + spread) / scale,
  }
}

/** `passed 18 of 20: 90 % (95 % interval 69.9 to 97.2 %)`. */
export function passRateText({ passed, judged, rate, low, high }: PassRate): string {
  const interval = `95 % interval ${percent(low)} to ${percent(high)} %`
  return `passed ${passed} of ${judged}: ${percent(rate)} % (${interval})`
}

/** One decimal, none where it is zero; never 0 or 100 for what is not. */
function percent(share: number): string {
  const rounded = Math.round(share * 1000) / 10
  if (rounded === 100 && share < 1) return '99.9'
  if (rounded === 0 && share > 0) return '0.1'
  return String(rounded)
}
