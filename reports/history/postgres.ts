// Kysely's PostgreSQL dialect over `pg`. Whole numbers of eight bytes, and the sums and counts that PostgreSQL makes of
// them, come as numbers, as they do from SQLite.

import { type Dialect, PostgresDialect } from 'kysely'
import { Pool, types } from 'pg'

/** By their OID in pg_type: int8, numeric. */
const NUMBERS: ReadonlySet<number> = new Set([20, 1700])

/** Connects when the first query is made. A connection that idles and is lost is replaced by the next query. */
export function postgresDialect(url: string, connectTimeoutMs: number): Dialect {
  const pool = new Pool({
    connectionString: url,
    max: 4,
    connectionTimeoutMillis: connectTimeoutMs,
    application_name: 'signalbox',
    allowExitOnIdle: true,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        NUMBERS.has(oid) ? Number : types.getTypeParser(oid, format),
    },
  })
  pool.on('error', () => undefined)
  return new PostgresDialect({ pool })
}
