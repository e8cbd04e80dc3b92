// How often a test passes: of the attempts that judged the image, with the 95 % interval.

import { passRateOfCounts, type PassRate } from '../../pass-rate.ts'
import type { History } from '../open-history.ts'
import { idsOf, type Scope, within } from './scope.ts'

/** The pass rate over all attempts in the scope; undefined when none of them judged the image. */
export async function passRate(history: History, scope: Scope): Promise<PassRate | undefined> {
  const ids = await idsOf(history, scope)
  if (ids === undefined) return undefined
  const rows = await history.db
    .selectFrom('attempts')
    .select(['outcome', ({ fn }) => fn.countAll<number>().as('count')])
    .where((eb) => within(eb, 'attempts', ids, scope))
    .where('counted', '=', 1)
    .where('outcome', 'in', ['passed', 'failed'])
    .groupBy('outcome')
    .execute()
  const count = (wanted: string): number => rows.find(({ outcome }) => outcome === wanted)?.count ?? 0
  return passRateOfCounts(count('passed'), count('failed'))
}
