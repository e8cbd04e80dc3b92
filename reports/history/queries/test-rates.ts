// How every test went over a span of days: one line a test.

import { type PassRate, passRateOfCounts } from '../../pass-rate.ts'
import { dayOf } from '../days.ts'
import type { History } from '../open-history.ts'

export interface TestRate {
  readonly test: string
  /** Of the attempts that judged the image; undefined when there were none. */
  readonly rate: PassRate | undefined
  /** Mean of the attempts that passed. */
  readonly durationMs: number | undefined
  readonly flaky: number
  readonly failed: number
  readonly infra: number
}

/** All tests that were run since then; first those that surely pass least: by the upper end of their interval. */
export async function testRates(history: History, sinceMs: number): Promise<readonly TestRate[]> {
  // Summed by number, and named afterwards, as the rank of flakes.
  const sums = history.db
    .selectFrom('days')
    .select(({ fn }) => [
      'test_id',
      fn.sum<number>('attempts_passed').as('attempts_passed'),
      fn.sum<number>('attempts_failed').as('attempts_failed'),
      fn.sum<number>('passed_ms').as('passed_ms'),
      fn.sum<number>('flaky').as('flaky'),
      fn.sum<number>('failed').as('failed'),
      fn.sum<number>('infra').as('infra'),
    ])
    .where('day', '>=', dayOf(sinceMs))
    .groupBy('test_id')
  const rows = await history.db
    .selectFrom(sums.as('sums'))
    .innerJoin('tests', 'tests.id', 'sums.test_id')
    .selectAll('sums')
    .select('tests.name')
    .execute()
  return rows
    .map((row): TestRate => ({
      test: row.name,
      rate: passRateOfCounts(row.attempts_passed, row.attempts_failed),
      durationMs: row.attempts_passed === 0 ? undefined : row.passed_ms / row.attempts_passed,
      flaky: row.flaky,
      failed: row.failed,
      infra: row.infra,
    }))
    .toSorted((a, b) => (a.rate?.high ?? 1) - (b.rate?.high ?? 1) || (a.test < b.test ? -1 : 1))
}
