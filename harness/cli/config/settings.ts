// What the options of a command come to: the command line, the environment and the config together.

import { UsageError } from '../../errors.ts'
import { configOption, type OptionRow } from '../option-table.ts'
import type { CheckedTarget, Config } from './check-config.ts'
import { defaultMatrix } from './default-matrix.ts'
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
  /** What tells it from the other cells of its matrix; absent: it is of none. */
  readonly axes?: Readonly<Record<string, string>>
  /** Where this host or the image does not have it, it is left out, and that is no mistake: nobody has named it. */
  readonly mayBeLeftOut?: boolean
}

export interface Settings {
  /** Undefined where there is none, and for commands that have no option with a config key. */
  readonly config: Config | undefined
  /** Every option of the command with its value and where that comes from, by attribute name. */
  resolve(target?: string): ReadonlyMap<string, ResolvedOption>
  /** The values alone. */
  flags(target?: string): Readonly<Record<string, unknown>>
  /**
   * The targets that `--target` chooses, at least one; `unlessSaid` is what it means where nobody says it. Throws UsageError for a name
   * that no target has.
   */
  targets(unlessSaid?: readonly string[]): readonly [ChosenTarget, ...ChosenTarget[]]
}

/** Finds and loads the config where one of the rows has a config key. */
export async function openSettings(
  rows: readonly OptionRow[],
  given: ReadonlyMap<string, Given>,
): Promise<Settings> {
  const usesConfig = rows.some(({ config = false }) => config !== false)
  const config = usesConfig ? await openConfig(given.get(attributeOf(configOption))?.value) : undefined
  let known = config?.targets ?? new Map<string, CheckedTarget>()
  const layersOf = (target: string | undefined): readonly ConfigLayer[] => {
    const own = target === undefined ? undefined : known.get(target)
    const where = own?.axes === undefined ? 'targets' : 'matrix'
    return [
      ...(own === undefined ? [] : [{ at: `${where}.${target}.`, values: own.options }]),
      ...(config === undefined ? [] : [{ at: '', values: config.options }]),
    ]
  }
  const resolve = (target?: string): ReadonlyMap<string, ResolvedOption> =>
    resolveOptions(rows, given, layersOf(target))
  const flags = (target?: string): Readonly<Record<string, unknown>> => valuesOf(resolve(target))
  return {
    config,
    resolve,
    flags,
    targets(unlessSaid) {
      const wanted = (flags()['target'] as readonly string[] | undefined) ?? unlessSaid
      const isDefault = known.size === 0 && wanted !== undefined && wanted.length > 0
      if (isDefault) known = defaultTargets(String(flags()['platform']))
      const names = selectTargets([...known.keys()], wanted, isDefault ? 'default' : 'config')
      const [first, ...rest] = names.map((name): ChosenTarget => {
        const { excludeTags = [], slowness, axes } = known.get(name) ?? {}
        return {
          name,
          flags: flags(name),
          excludeTags,
          slowness,
          ...(axes === undefined ? {} : { axes }),
          ...(isDefault && !wanted.includes(name) ? { mayBeLeftOut: true } : {}),
        }
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

/** By the keys of a config, which are those of the options. */
function defaultTargets(platform: string): ReadonlyMap<string, CheckedTarget> {
  return new Map(
    defaultMatrix(platform).map(({ name, values, axes }) => [
      name,
      { options: new Map(Object.entries(values)), excludeTags: [], slowness: undefined, axes },
    ]),
  )
}

function valuesOf(resolved: ReadonlyMap<string, ResolvedOption>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    [...resolved].flatMap(([name, { value }]) => (value === undefined ? [] : [[name, value]])),
  )
}
