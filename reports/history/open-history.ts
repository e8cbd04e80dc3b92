// Opens a history and brings its tables up to date.

import { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { messageOf } from '../../harness/errors.ts'
import { explainHistoryError, newerHistory } from './history-errors.ts'
import { migrationsFor } from './migrations.ts'
import { type HistoryKind, historyPlace, shownPlace } from './place.ts'
import { postgresDialect } from './postgres.ts'
import { openSqlite } from './sqlite.ts'
import type { HistoryTables } from './tables.ts'

/** An open history. Queries and imports are functions that take it. */
export interface History extends AsyncDisposable {
  readonly kind: HistoryKind
  /** A path, or a URL without its password. */
  readonly place: string
  readonly db: Kysely<HistoryTables>
}

export interface OpenHistoryOptions {
  /** How long to wait for another writer, or for a connection. Default 10 s. */
  readonly busyTimeoutMs?: number
}

/**
 * Opens the history at a path or `postgres://` URL, and makes it when it is not there.
 *
 * @throws UsageError `history-place`, `history-corrupt`, `history-unusable`, `history-newer-version`, `history-refused`;
 * InfraError `history-locked`, `history-full`, `history-unreachable`.
 */
export async function openHistory(where: string, options: OpenHistoryOptions = {}): Promise<History> {
  const { busyTimeoutMs = 10_000 } = options
  const place = historyPlace(where)
  const shown = shownPlace(place)
  const sqlite = place.kind === 'sqlite' ? openSqlite(place.path, busyTimeoutMs) : undefined
  const dialect = place.kind === 'sqlite' ? sqlite?.dialect : postgresDialect(place.url, busyTimeoutMs)
  if (dialect === undefined) throw new TypeError('a place has a dialect')
  const db = new Kysely<HistoryTables>({ dialect })
  try {
    const migrator = new Migrator({ db, provider: migrationsFor(place.kind) })
    const pending = (await migrator.getMigrations()).some(({ executedAt }) => executedAt === undefined)
    const migrate = async (): Promise<void> => {
      const { error } = await migrator.migrateToLatest()
      if (error === undefined) return
      throw /corrupted migrations/.test(messageOf(error)) ? newerHistory(shown) : error
    }
    if (pending && sqlite !== undefined) await sqlite.exclusively(migrate)
    else await migrate()
  } catch (error) {
    await db.destroy().catch(() => undefined)
    throw explainHistoryError({ kind: place.kind, place: shown }, error)
  }
  return {
    kind: place.kind,
    place: shown,
    db,
    async [Symbol.asyncDispose]() {
      await db.destroy()
    },
  }
}
