// How a test went day by day: pass rate and duration.

import { DAY_MS, dayOf } from '../days.ts'
import type { History } from '../open-history.ts'
import { type PassRate, passRateOfCounts } from '../../pass-rate.ts'
import { idsOf, type Scope } from './scope.ts'

export interface TrendDay {
  /** `2026-11-28`, UTC. */
  readonly day: string
  /** Of the attempts that judged the image; undefined when there were none. */
  readonly rate: PassRate | undefined
  /** Mean of the attempts that passed. */
  readonly durationMs: number | undefined
  readonly flaky: number
  readonly failed: number
  readonly infra: number
}

/** One entry a day on which the test was run, oldest first. */
export async function trend(history: History, scope: Scope): Promise<readonly TrendDay[]> {
  const ids = await idsOf(history, scope)
  if (ids === undefined) return []
  let query = history.db
    .selectFrom('days')
    .select(['day', ({ fn }) => fn.sum<number>('attempts_passed').as('attempts_passed')])
    .select(({ fn }) => [
      fn.sum<number>('attempts_failed').as('attempts_failed'),
      fn.sum<number>('passed_ms').as('passed_ms'),
      fn.sum<number>('flaky').as('flaky'),
      fn.sum<number>('failed').as('failed'),
      fn.sum<number>('infra').as('infra'),
    ])
    .where('test_id', '=', ids.test)
    .groupBy('day')
    .orderBy('day')
  if (ids.cells !== undefined) query = query.where('cell_id', 'in', ids.cells)
  if (scope.sinceMs !== undefined) query = query.where('day', '>=', dayOf(scope.sinceMs))
  if (scope.untilMs !== undefined) query = query.where('day', '<=', dayOf(scope.untilMs))
  return (await query.execute()).map((row) => ({
    day: new Date(row.day * DAY_MS).toISOString().slice(0, 10),
    rate: passRateOfCounts(row.attempts_passed, row.attempts_failed),
    durationMs: row.attempts_passed === 0 ? undefined : row.passed_ms / row.attempts_passed,
    flaky: row.flaky,
    failed: row.failed,
    infra: row.infra,
  }))
}
