// One writer at a time: sums of days are added to, and names get numbers, without two doing it at once.

import { sql, type Transaction } from 'kysely'
import type { HistoryKind } from './place.ts'
import type { HistoryTables } from './tables.ts'

/** Any number that nothing else in the database uses as an advisory lock. */
const LOCK = 0x51_67_6e_61

/** SQLite's transactions have the lock already; PostgreSQL's ask for it here and give it back at their end. */
export async function lockForWriting(trx: Transaction<HistoryTables>, kind: HistoryKind): Promise<void> {
  if (kind === 'postgres') await sql`select pg_advisory_xact_lock(${sql.lit(LOCK)})`.execute(trx)
}
