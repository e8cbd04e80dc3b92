// Where a history is: a file, or a PostgreSQL database by its URL.

import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { UsageError } from '../../harness/errors.ts'

export type HistoryPlace =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string }

export type HistoryKind = HistoryPlace['kind']

/** `$XDG_DATA_HOME/signalbox/history.sqlite`, else below `~/.local/share`. */
export function defaultHistory(env: NodeJS.ProcessEnv = process.env): string {
  return join(env['XDG_DATA_HOME'] || join(homedir(), '.local', 'share'), 'signalbox', 'history.sqlite')
}

/** Reads a path or a `postgres://` URL. Throws UsageError `history-place` for the URL of anything else. */
export function historyPlace(text: string): HistoryPlace {
  if (/^postgres(?:ql)?:\/\//.test(text)) return { kind: 'postgres', url: text }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]
  if (scheme !== undefined)
    throw new UsageError(`the history cannot be kept in a "${scheme}" database`, {
      code: 'history-place',
      hint: 'Give a file, or postgres://user@host/database.',
    })
  return { kind: 'sqlite', path: resolve(text) }
}

/** As it may be shown: without a password. */
export function shownPlace(place: HistoryPlace): string {
  if (place.kind === 'sqlite') return place.path
  return place.url.replace(/^(\w+:\/\/[^/@:]*):[^/]*@/, '$1@').replaceAll(/([?&]password=)[^&]*/g, '$1***')
}
