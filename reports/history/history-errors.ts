// What goes wrong with a history, by name: locked, corrupt, full, written by a newer Signalbox, not reachable.

import { codeOf, InfraError, messageOf, UsageError } from '../../harness/errors.ts'
import type { HistoryKind } from './place.ts'

const RESTORE =
  'Move it away, then "signalbox history import FOLDER..." restores it from the run folders that there are.'

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html). */
const sqliteErrors: Readonly<Record<number, (place: string, why: string) => Error>> = {
  5: locked,
  6: locked,
  8: (place, why) => unusable(place, why, 'It cannot be written to; choose another with --history.'),
  10: (place, why) => new InfraError(`the history ${place}: ${why}`, { code: 'history-disk' }),
  11: corrupt,
  13: (place) =>
    new InfraError(`no space left for the history ${place}`, {
      code: 'history-full',
      hint: 'free some, or make room in it: signalbox history prune --older-than 90d',
    }),
  14: (place, why) => unusable(place, why, 'Choose another file with --history.'),
  26: corrupt,
}

/** The error as a project error; one that is already is left as it is. */
export function historyError(place: string, error: unknown): unknown {
  if (error instanceof UsageError || error instanceof InfraError) return error
  const code = codeOf(error)
  if (code === 'ERR_SQLITE_ERROR') {
    const { errcode = 0, errstr } = error as { readonly errcode?: number; readonly errstr?: string }
    // The low byte is the primary code.
    return sqliteErrors[errcode & 0xff]?.(place, errstr ?? messageOf(error)) ?? error
  }
  if (code === 'EACCES' || code === 'ENOTDIR' || code === 'EROFS' || code === 'EEXIST')
    return unusable(place, code, 'Choose another file with --history.')
  return error
}

/** For what PostgreSQL or the way to it says. `place` holds no password. */
export function postgresError(place: string, error: unknown): unknown {
  if (error instanceof UsageError || error instanceof InfraError) return error
  const code = codeOf(error)
  if (code === undefined) return error
  // Class 28: authorisation; 3D000: no such database; 42501: not allowed (PostgreSQL, appendix A).
  if (/^(?:28|3D|42501)/.test(code))
    return new UsageError(`the history ${place}: ${messageOf(error)}`, {
      code: 'history-refused',
      hint: 'Check user and database of --history; a password belongs into PGPASSWORD or ~/.pgpass.',
      cause: error,
    })
  // 53: resources, 57: shut down, 08: connection; E...: the system's own.
  if (/^(?:08|53|57)/.test(code) || /^E[A-Z]+$/.test(code))
    return new InfraError(`the history ${place} cannot be reached: ${messageOf(error) || code}`, {
      code: 'history-unreachable',
      hint: 'Is PostgreSQL running there?',
      cause: error,
    })
  return error
}

/** The error of a query or an import as a project error; one that is already is left as it is. */
export function explainHistoryError(
  history: { readonly kind: HistoryKind; readonly place: string },
  error: unknown,
): unknown {
  return (history.kind === 'sqlite' ? historyError : postgresError)(history.place, error)
}

/** It has migrations that this version does not know. */
export function newerHistory(place: string): UsageError {
  return new UsageError(`the history ${place} was written by a newer Signalbox`, {
    code: 'history-newer-version',
    hint: 'Use that one, or choose another history with --history.',
  })
}

function locked(place: string): InfraError {
  return new InfraError(`the history ${place} is locked: another process has been writing to it for long`, {
    code: 'history-locked',
    hint: 'Try again when it is done; "fuser" names it.',
  })
}

function corrupt(place: string, why: string): UsageError {
  return new UsageError(`the history ${place} is damaged: ${why}`, { code: 'history-corrupt', hint: RESTORE })
}

function unusable(place: string, why: string, hint: string): UsageError {
  return new UsageError(`the history ${place} cannot be opened: ${why}`, { code: 'history-unusable', hint })
}
