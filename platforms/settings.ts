// Reads what was set for a platform against the table that the platform declares: unknown names, secrets on a command line and
// empty values are refused with what to do.

import { UsageError } from '../harness/errors.ts'
import type { PlatformContext, PlatformSetting } from '../harness/machine.ts'
import { didYouMean } from '../harness/nearest.ts'

/** Values by name; what was not set, the environment says, where the table names a variable. */
export interface ReadSettings {
  get(name: string): string | undefined
  /** A whole number of at least `least`. */
  number(name: string, fallback: number, least?: number): number
  /** Words between commas. */
  list(name: string): readonly string[]
  /** A program and its arguments: a path, or a JSON list of strings. No shell reads it. */
  command(name: string): readonly [string, ...string[]] | undefined
}

/** Checks the names and gives access to the values. */
export function readSettings(
  platform: string,
  table: readonly PlatformSetting[],
  { settings = new Map(), env = process.env }: PlatformContext,
): ReadSettings {
  const rows = new Map(table.map((row) => [row.name, row]))
  for (const [name, value] of settings) {
    const row = rows.get(name)
    if (row === undefined)
      throw new UsageError(`the platform ${platform} has no setting "${name}"`, {
        code: 'unknown-setting',
        hint: didYouMean(name, rows.keys()),
      })
    if (row.isSecret === true)
      throw new UsageError(`"${name}" is a secret, and a command line or a config is read by others`, {
        code: 'secret-in-settings',
        hint: `put it into the environment: ${row.env ?? 'see "signalbox platform list"'}`,
      })
    if (value === '') throw wrong(platform, name, value, 'not empty')
  }
  const get = (name: string): string | undefined => {
    const variable = rows.get(name)?.env
    const fromEnv = variable === undefined ? undefined : env[variable]
    return settings.get(name) ?? (fromEnv === '' ? undefined : fromEnv)
  }
  return {
    get,
    number(name, fallback, least = 0) {
      const text = get(name)
      if (text === undefined) return fallback
      const number = Number(text)
      if (!Number.isSafeInteger(number) || number < least)
        throw wrong(platform, name, text, `a whole number of at least ${least}`)
      return number
    },
    list: (name) =>
      (get(name) ?? '')
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== ''),
    command(name) {
      const text = get(name)
      if (text === undefined) return undefined
      if (!text.startsWith('[')) return [text]
      const words = parsed(text)
      const [program, ...rest] = Array.isArray(words) ? (words as unknown[]) : []
      if (typeof program !== 'string' || program === '' || !rest.every((word) => typeof word === 'string'))
        throw wrong(platform, name, text, 'a program, or a JSON list of a program and its arguments')
      return [program, ...rest]
    },
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function wrong(platform: string, name: string, value: string, expected: string): UsageError {
  return new UsageError(`the setting "${name}" of the platform ${platform} must be ${expected}: "${value}"`, {
    code: 'bad-setting',
  })
}
