// Takes one run out of a history, with everything that came of it alone.

import type { Transaction } from 'kysely'
import { addToDays, dayOf } from './days.ts'
import type { HistoryTables } from './tables.ts'

/** Removes a run. */
export async function deleteRun(
  trx: Transaction<HistoryTables>,
  { id, at }: { readonly id: number; readonly at: number },
): Promise<void> {
  await addToDays(trx, id, -1)
  for (const table of ['verdicts', 'attempts', 'metrics', 'records'] as const)
    await trx.deleteFrom(table).where('run_id', '=', id).execute()
  await trx.deleteFrom('runs').where('id', '=', id).execute()
  await trx
    .deleteFrom('days')
    .where('day', '=', dayOf(at))
    .where('passed', '=', 0)
    .where('flaky', '=', 0)
    .where('warned', '=', 0)
    .where('failed', '=', 0)
    .where('infra', '=', 0)
    .execute()
}
