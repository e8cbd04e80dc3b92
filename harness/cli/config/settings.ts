// What the options of a command come to: the command line, the environment and the config together.

import { UsageError } from '../../errors.ts'
import { configOption, type OptionRow } from '../option-table.ts'
import type { Config } from './check-config.ts'
import { findConfig } from './find-config.ts'
import {
  attributeOf,
  resolveOptions,
  type ConfigLayer,
  type Given,
  type ResolvedOption,
} from './resolve-options.ts'
import { selectTargets } from './select-targets.ts'

/** A target that a command is about. */
export interface ChosenTarget {
  /** Undefined: the config has no targets, and the flags make one. */
  readonly name: string | undefined
  readonly flags: Readonly<Record<string, unknown>>
  readonly excludeTags: readonly string[]
  readonly slowness: number | undefined
}

export interface Settings {
  /** Undefined where there is none, and for commands that have no option with a config key. */
  readonly config: Config | undefined
  /** Every option of the command with its value and where that comes from, by attribute name. */
  resolve(target?: string): ReadonlyMap<string, ResolvedOption>
  /** The values alone. */
  flags(target?: string): Readonly<Record<string, unknown>>
  /** The targets that `--target` chooses, at least one. Throws UsageError for a name that no target has. */
  targets(): readonly [ChosenTarget, ...ChosenTarget[]]
}

/** Finds and loads the config where one of the rows has a config key. */
export async function openSettings(
  rows: readonly OptionRow[],
  given: ReadonlyMap<string, Given>,
): Promise<Settings> {
  const usesConfig = rows.some(({ config = false }) => config !== false)
  const config = usesConfig ? await openConfig(given.get(attributeOf(configOption))?.value) : undefined
  const layersOf = (target: string | undefined): readonly ConfigLayer[] => {
    if (config === undefined) return []
    const own = target === undefined ? undefined : config.targets.get(target)
    return [
      ...(own === undefined ? [] : [{ at: `targets.${target}.`, values: own.options }]),
      { at: '', values: config.options },
    ]
  }
  const resolve = (target?: string): ReadonlyMap<string, ResolvedOption> =>
    resolveOptions(rows, given, layersOf(target))
  const flags = (target?: string): Readonly<Record<string, unknown>> => valuesOf(resolve(target))
  return {
    config,
    resolve,
    flags,
    targets() {
      const wanted = flags()['target'] as readonly string[] | undefined
      const names = selectTargets([...(config?.targets.keys() ?? [])], wanted, config?.path)
      const [first, ...rest] = names.map((name) => {
        const { excludeTags = [], slowness } = config?.targets.get(name) ?? {}
        return { name, flags: flags(name), excludeTags, slowness }
      })
      if (first === undefined)
        return [{ name: undefined, flags: flags(), excludeTags: [], slowness: undefined }]
      return [first, ...rest]
    },
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
