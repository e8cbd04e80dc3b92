// Checks what a config file holds, key by key: an unknown key is refused with the nearest known one, a wrong value with
// its path and what was expected. Pure but for the paths it makes absolute.

import { dirname } from 'node:path'
import { UsageError } from '../../errors.ts'
import { oneLine } from '../../hostile-text.ts'
import { didYouMean } from '../../nearest.ts'
import { configurableOptions, type OptionRow } from '../option-table.ts'
import type { ConfigFile } from './load-config.ts'
import { readValue } from './read-value.ts'

/** A config that was checked: paths absolute, values as the command line would give them. */
export interface Config {
  readonly path: string
  /** Options by config key. */
  readonly options: ReadonlyMap<string, unknown>
}

const rows: ReadonlyMap<string, OptionRow> = new Map(
  configurableOptions.flatMap((row): readonly (readonly [string, OptionRow])[] =>
    row.config === false ? [] : [[row.config, row]],
  ),
)

/** Checks a loaded file. */
export function checkConfig({ path, value }: ConfigFile): Config {
  if (!isObject(value)) throw wrongValue(path, 'the default export', value, 'an object of options')
  return { path, options: readOptions(path, '', value, []) }
}

/** Reads the options among the keys of `object`; `others` are keys that somebody else reads. */
function readOptions(
  path: string,
  at: string,
  object: Readonly<Record<string, unknown>>,
  others: readonly string[],
): ReadonlyMap<string, unknown> {
  const options = new Map<string, unknown>()
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined || others.includes(key)) continue
    const row = rows.get(key)
    if (row === undefined) throw unknownKey(path, at, key, [...rows.keys(), ...others])
    const read = readValue(row, value, dirname(path))
    if (read.kind === 'wrong') throw wrongValue(path, `"${at}${key}"`, value, read.expected, read.hint)
    options.set(key, read.value)
  }
  return options
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unknownKey(path: string, at: string, key: string, known: readonly string[]): UsageError {
  return new UsageError(`${path}: unknown key "${at}${key}"`, {
    code: 'config-unknown-key',
    hint: didYouMean(key, known),
  })
}

function wrongValue(path: string, what: string, value: unknown, expected: string, hint?: string): UsageError {
  return new UsageError(`${path}: ${what} must be ${expected}; it is ${shown(value)}`, {
    code: 'config-wrong-value',
    ...(hint === undefined ? {} : { hint }),
  })
}

function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  return oneLine(JSON.stringify(value) ?? String(value), 80)
}
