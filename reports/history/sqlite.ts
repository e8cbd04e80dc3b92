// Kysely's SQLite dialect over Node's own `node:sqlite`. Several processes at once are safe: write-ahead log, and
// transactions take the write lock at their beginning, so that none fails halfway. Who waits for the lock lets others of
// its own process go on.

import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Dialect, type Driver, type SqliteDatabase, SqliteDialect } from 'kysely'
import { codeOf } from '../../harness/errors.ts'
import { historyError } from './history-errors.ts'

/** Between two looks at the lock. */
const LOOK_MS = 15
/** For the moments in which SQLite locks more than a writer does: the first and the last to open a file. */
const SHORT_WAIT_MS = 2000

export interface SqliteHistory {
  readonly dialect: Dialect
  /** Runs all of `work` in one transaction; a process that is killed in it leaves nothing of it. */
  exclusively<T>(work: () => Promise<T>): Promise<T>
}

/**
 * Opens the file, and makes it and its folder where they are missing. `busyTimeoutMs`: how long a transaction waits for
 * another writer. Throws as `historyError` says.
 */
export function openSqlite(path: string, busyTimeoutMs: number): SqliteHistory {
  const database = guarded(path, () => {
    mkdirSync(dirname(path), { recursive: true })
    const opened = new DatabaseSync(path, { timeout: Math.min(busyTimeoutMs, SHORT_WAIT_MS) })
    try {
      opened.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536')
      return opened
    } catch (error) {
      opened.close()
      throw error
    }
  })
  const begin = async (): Promise<void> => {
    const end = performance.now() + busyTimeoutMs
    while (!tryBegin(database, path, performance.now() >= end)) await sleep(LOOK_MS)
  }
  const dialect = new SqliteDialect({
    database: {
      close: () => {
        if (database.isOpen) database.close()
      },
      prepare: (sql) =>
        adapt(
          path,
          guarded(path, () => database.prepare(sql)),
        ),
    },
  })
  return {
    dialect: {
      createAdapter: () => dialect.createAdapter(),
      createIntrospector: (db) => dialect.createIntrospector(db),
      createQueryCompiler: () => dialect.createQueryCompiler(),
      createDriver: () => beginningBy(dialect.createDriver(), begin),
    },
    async exclusively(work) {
      await begin()
      try {
        const result = await work()
        guarded(path, () => database.exec('COMMIT'))
        return result
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK')
        throw error
      }
    },
  }
}

/** Whether the write lock was free; when it is the last try, a lock that is not is an error. */
function tryBegin(database: DatabaseSync, path: string, isLast: boolean): boolean {
  database.exec('PRAGMA busy_timeout = 0')
  try {
    database.exec('BEGIN IMMEDIATE')
    return true
  } catch (error) {
    const isBusy = codeOf(error) === 'ERR_SQLITE_ERROR' && (error as { errcode?: number }).errcode === 5
    if (isBusy && !isLast) return false
    throw historyError(path, error)
  } finally {
    database.exec(`PRAGMA busy_timeout = ${SHORT_WAIT_MS}`)
  }
}

function beginningBy(driver: Driver, begin: () => Promise<void>): Driver {
  return {
    init: async (options) => await driver.init(options),
    acquireConnection: async (options) => await driver.acquireConnection(options),
    beginTransaction: begin,
    commitTransaction: async (connection) => await driver.commitTransaction(connection),
    rollbackTransaction: async (connection) => await driver.rollbackTransaction(connection),
    releaseConnection: async (connection) => await driver.releaseConnection(connection),
    destroy: async () => await driver.destroy(),
  }
}

function adapt(path: string, statement: StatementSync): ReturnType<SqliteDatabase['prepare']> {
  const values = (parameters: readonly unknown[]): SQLInputValue[] => parameters as SQLInputValue[]
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => guarded(path, () => statement.all(...values(parameters))),
    run: (parameters) => guarded(path, () => statement.run(...values(parameters))),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  }
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw historyError(path, error)
  }
}
