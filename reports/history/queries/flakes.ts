// Which tests are flaky: how often a verdict of them was "flaky", the surest first.

import { sql } from 'kysely'
import { type PassRate, passRateOfCounts } from '../../pass-rate.ts'
import { dayOf } from '../days.ts'
import type { History } from '../open-history.ts'
import { cellsOf, type Scope } from './scope.ts'

export interface FlakeFilter extends Pick<Scope, 'target' | 'channel' | 'sinceMs'> {
  readonly limit?: number
}

export interface Flake {
  readonly test: string
  readonly flaky: number
  /** Verdicts that say something about the image: passed, flaky, failed. */
  readonly judged: number
  /** `flaky / judged`, with its 95 % interval; `passed` in it counts what was flaky. */
  readonly share: PassRate
}

/** Tests that were flaky, by the lower end of their share's interval: one flake in one is less sure than ten in twenty. */
export async function flakeRank(history: History, filter: FlakeFilter): Promise<readonly Flake[]> {
  const cells = await cellsOf(history, filter)
  if (cells?.length === 0) return []
  let query = history.db
    .selectFrom('days')
    .innerJoin('tests', 'tests.id', 'days.test_id')
    .select(['tests.name', ({ fn }) => fn.sum<number>('days.flaky').as('flaky')])
    .select(sql<number>`sum(days.passed + days.flaky + days.failed)`.as('judged'))
    .groupBy('tests.name')
    .having(({ fn }) => fn.sum('days.flaky'), '>', 0)
  if (cells !== undefined) query = query.where('days.cell_id', 'in', cells)
  if (filter.sinceMs !== undefined) query = query.where('days.day', '>=', dayOf(filter.sinceMs))
  const rows = await query.execute()
  return rows
    .flatMap(({ name, flaky, judged }): readonly Flake[] => {
      const share = passRateOfCounts(flaky, judged - flaky)
      return share === undefined ? [] : [{ test: name, flaky, judged, share }]
    })
    .toSorted((a, b) => b.share.low - a.share.low || (a.test < b.test ? -1 : 1))
    .slice(0, filter.limit ?? 50)
}
