// Where the value of each option comes from, pure: command line, then environment, then config (the target's own before
// the default for all), then what is built in. This is the only place that knows the order.

import { Option } from 'commander'
import type { OptionRow } from '../option-table.ts'

/** What commander found on the command line or in the environment. */
export interface Given {
  readonly value: unknown
  readonly source: 'cli' | 'env'
}

/** Values of a config, already read; `at` is put before a key to say where it stands: `targets.uefi.`. */
export interface ConfigLayer {
  readonly at: string
  readonly values: ReadonlyMap<string, unknown>
}

export type Origin =
  | { readonly kind: 'flag'; readonly flag: string }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'config'; readonly key: string }
  | { readonly kind: 'default' }

export interface ResolvedOption {
  readonly row: OptionRow
  /** Undefined where nothing says anything. */
  readonly value: unknown
  readonly origin: Origin
}

/** The name under which commander and the commands know an option: `--image-version` is `imageVersion`. */
export function attributeOf(row: OptionRow): string {
  return new Option(row.flags).attributeName()
}

/** The long flag: `--image-version`. */
export function flagOf(row: OptionRow): string {
  return new Option(row.flags).long ?? row.flags
}

/** Resolves every row; `layers` come nearest first. By attribute name, in the order of the table. */
export function resolveOptions(
  rows: readonly OptionRow[],
  given: ReadonlyMap<string, Given>,
  layers: readonly ConfigLayer[],
): ReadonlyMap<string, ResolvedOption> {
  return new Map(
    rows.map((row) => {
      const name = attributeOf(row)
      return [name, resolveOption(row, given.get(name), layers)]
    }),
  )
}

function resolveOption(
  row: OptionRow,
  given: Given | undefined,
  layers: readonly ConfigLayer[],
): ResolvedOption {
  if (given?.source === 'cli') return { row, value: given.value, origin: { kind: 'flag', flag: flagOf(row) } }
  if (given !== undefined)
    return { row, value: given.value, origin: { kind: 'environment', variable: row.env ?? '' } }
  const key = row.config ?? false
  if (key !== false) {
    const layer = layers.find(({ values }) => values.has(key))
    if (layer !== undefined)
      return { row, value: layer.values.get(key), origin: { kind: 'config', key: layer.at + key } }
  }
  return { row, value: row.default, origin: { kind: 'default' } }
}
