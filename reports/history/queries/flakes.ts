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
  // Summed by number, and named afterwards: half a million days are summed in the order of their index.
  let sums = history.db
    .selectFrom('days')
    .select(['test_id', ({ fn }) => fn.sum<number>('flaky').as('flaky')])
    .select(sql<number>`sum(passed + flaky + failed)`.as('judged'))
    .groupBy('test_id')
    .having(({ fn }) => fn.sum('flaky'), '>', 0)
  if (cells !== undefined) sums = sums.where('cell_id', 'in', cells)
  if (filter.sinceMs !== undefined) sums = sums.where('day', '>=', dayOf(filter.sinceMs))
  const rows = await history.db
    .selectFrom(sums.as('sums'))
    .innerJoin('tests', 'tests.id', 'sums.test_id')
    .select(['tests.name', 'sums.flaky', 'sums.judged'])
    .execute()
  return rows
    .flatMap(({ name, flaky, judged }): readonly Flake[] => {
      const share = passRateOfCounts(flaky, judged - flaky)
      return share === undefined ? [] : [{ test: name, flaky, judged, share }]
    })
    .toSorted((a, b) => b.share.low - a.share.low || (a.test < b.test ? -1 : 1))
    .slice(0, filter.limit ?? 50)
}
