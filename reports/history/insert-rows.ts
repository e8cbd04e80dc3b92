// Many rows in few statements: as many at once as both databases take parameters for.

import type { Insertable, Transaction } from 'kysely'
import { storableRow } from './storable.ts'
import type { HistoryTables } from './tables.ts'

/** Below SQLite's 32,766 and PostgreSQL's 65,535. */
const MOST_PARAMETERS = 20_000

/** Inserts all rows; nothing when there are none. */
export async function insertRows<T extends keyof HistoryTables>(
  trx: Transaction<HistoryTables>,
  table: T,
  rows: readonly Insertable<HistoryTables[T]>[],
): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).length
  const most = Math.max(1, Math.floor(MOST_PARAMETERS / Math.max(1, columns)))
  for (let from = 0; from < rows.length; from += most)
    await trx
      .insertInto(table)
      .values(rows.slice(from, from + most).map((row) => storableRow(row)))
      .execute()
}
