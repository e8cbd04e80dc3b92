// What the options of a command come to: the command line, the environment and the config together.

import { UsageError } from '../../errors.ts'
import { configOption, type OptionRow } from '../option-table.ts'
import type { Config } from './check-config.ts'
import { findConfig } from './find-config.ts'
import { attributeOf, resolveOptions, type Given, type ResolvedOption } from './resolve-options.ts'

export interface Settings {
  /** Undefined where there is none, and for commands that have no option with a config key. */
  readonly config: Config | undefined
  /** Every option of the command with its value and where that comes from, by attribute name. */
  resolve(): ReadonlyMap<string, ResolvedOption>
  /** The values alone. */
  flags(): Readonly<Record<string, unknown>>
}

/** Finds and loads the config where one of the rows has a config key. */
export async function openSettings(
  rows: readonly OptionRow[],
  given: ReadonlyMap<string, Given>,
): Promise<Settings> {
  const usesConfig = rows.some(({ config = false }) => config !== false)
  const config = usesConfig ? await openConfig(given.get(attributeOf(configOption))?.value) : undefined
  const layers = config === undefined ? [] : [{ at: '', values: config.options }]
  const resolve = (): ReadonlyMap<string, ResolvedOption> => resolveOptions(rows, given, layers)
  return {
    config,
    resolve,
    flags: () => valuesOf(resolve()),
  }
}

async function openConfig(named: unknown): Promise<Config | undefined> {
  if (named === '') throw new UsageError('--config needs the name of a file', { code: 'config-unreadable' })
  const path = typeof named === 'string' ? named : findConfig(process.cwd())
  if (path === undefined) return undefined
  // Most runs have no config, and need not pay for reading one.
  const [{ loadConfigFile }, { checkConfig }] = await Promise.all([
    import('./load-config.ts'),
    import('./check-config.ts'),
  ])
  return checkConfig(await loadConfigFile(path))
}

function valuesOf(resolved: ReadonlyMap<string, ResolvedOption>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    [...resolved].flatMap(([name, { value }]) => (value === undefined ? [] : [[name, value]])),
  )
}
