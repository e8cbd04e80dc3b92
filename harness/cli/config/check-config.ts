// Checks what a config file holds, key by key: an unknown key is refused with the nearest known one, a wrong value with
// its path and what was expected. Pure but for the paths it makes absolute.

import { dirname } from 'node:path'
import type { TargetOptionKey } from '../../config/config.ts'
import { UsageError } from '../../errors.ts'
import { didYouMean } from '../../nearest.ts'
import type { ServiceSpec } from '../../services/service.ts'
import { configurableOptions, type OptionRow } from '../option-table.ts'
import { readMatrix } from './check-matrix.ts'
import { checkReporters, type CheckedReporter } from './check-reporters.ts'
import { checkServices } from './check-services.ts'
import { checkName, isObject, isTexts, unknownKey, wrongValue } from './complaints.ts'
import type { ConfigFile } from './load-config.ts'
import { readValue } from './read-value.ts'

/** A config that was checked: paths absolute, values as the command line would give them. */
export interface Config {
  readonly path: string
  /** Options by config key. */
  readonly options: ReadonlyMap<string, unknown>
  /** By name, in the order of the file. */
  readonly targets: ReadonlyMap<string, CheckedTarget>
  /** In the order of the file. */
  readonly services: readonly ServiceSpec[]
  /** Undefined: what is written without a config. */
  readonly reporters: readonly CheckedReporter[] | undefined
}

export interface CheckedTarget {
  readonly options: ReadonlyMap<string, unknown>
  readonly excludeTags: readonly string[]
  readonly slowness: number | undefined
  /** What tells it from the other cells of the matrix that it comes from; absent: it was written by itself. */
  readonly axes?: Readonly<Record<string, string>>
}

/** Keys of a target that are no options. */
const targetKeys: readonly string[] = ['excludeTags', 'slowness']

const targetOptionKeys: Readonly<Record<TargetOptionKey, true>> = {
  tags: true,
  platform: true,
  platformSettings: true,
  image: true,
  distro: true,
  architecture: true,
  channel: true,
  imageVersion: true,
  flavour: true,
  updateTo: true,
  updateVersion: true,
  firmware: true,
  tpm: true,
  surroundings: true,
  memoryMiB: true,
  cpus: true,
  appendIgnition: true,
  jobs: true,
  retries: true,
  infraRetries: true,
  fork: true,
  auditFork: true,
  maxMachines: true,
  maxCost: true,
  bootTimeoutSeconds: true,
}

const rows: ReadonlyMap<string, OptionRow> = new Map(
  configurableOptions.flatMap((row): readonly (readonly [string, OptionRow])[] =>
    row.config === false ? [] : [[row.config, row]],
  ),
)

/** Checks a loaded file. */
export function checkConfig({ path, value }: ConfigFile): Config {
  if (!isObject(value)) throw wrongValue(path, 'the default export', value, 'an object of options')
  const { targets, matrix, services, reporters, ...given } = value
  const others = ['targets', 'matrix', 'services', 'reporters']
  const options = readOptions({ path, at: '', known: [...rows.keys()], others }, given)
  const platform = options.get('platform') ?? rows.get('platform')?.default
  const ofAll = typeof platform === 'string' ? platform : ''
  return {
    path,
    options,
    targets: joinTargets(path, readTargets(path, targets), readCells(path, matrix, ofAll)),
    services: checkServices(path, services),
    reporters: checkReporters(path, reporters),
  }
}

type NamedTarget = readonly [string, CheckedTarget]

function readTargets(path: string, targets: unknown): readonly NamedTarget[] {
  if (targets === undefined) return []
  if (!isObject(targets)) throw wrongValue(path, '"targets"', targets, 'an object of targets by name')
  return Object.entries(targets).map(([name, target]) => {
    checkName(path, name, 'target')
    const at = `targets.${name}`
    if (!isObject(target)) throw wrongValue(path, `"${at}"`, target, 'an object')
    return [name, readTarget(path, at, target)]
  })
}

function readCells(path: string, matrix: unknown, platform: string): readonly NamedTarget[] {
  return readMatrix(path, matrix, platform).map(({ name, values, axes }) => {
    checkName(path, name, 'target')
    return [name, { ...readTarget(path, `matrix.${name}`, values), axes }]
  })
}

function readTarget(path: string, at: string, target: Readonly<Record<string, unknown>>): CheckedTarget {
  const { excludeTags = [], slowness, ...options } = target
  if (!isTexts(excludeTags)) throw wrongValue(path, `"${at}.excludeTags"`, excludeTags, 'a list of strings')
  if (slowness !== undefined && !(typeof slowness === 'number' && slowness >= 1 && slowness <= 1000))
    throw wrongValue(path, `"${at}.slowness"`, slowness, 'a number from 1 to 1000')
  const known = Object.keys(targetOptionKeys)
  return {
    options: readOptions({ path, at: `${at}.`, known, others: targetKeys }, options),
    excludeTags,
    slowness,
  }
}

function joinTargets(
  path: string,
  ...parts: readonly (readonly NamedTarget[])[]
): ReadonlyMap<string, CheckedTarget> {
  const targets = new Map<string, CheckedTarget>()
  for (const [name, target] of parts.flat()) {
    if (targets.has(name))
      throw new UsageError(`${path}: two targets are named "${name}"`, {
        code: 'config-same-name',
        hint: 'give the entry of "include" a "name", or leave one of them out',
      })
    targets.set(name, target)
  }
  return targets
}

interface Place {
  readonly path: string
  /** Put before each key in messages: `targets.uefi.` */
  readonly at: string
  /** Keys that are options here. */
  readonly known: readonly string[]
  /** Keys that are no options, and were read by others. */
  readonly others: readonly string[]
}

function readOptions(
  { path, at, known, others }: Place,
  object: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, unknown> {
  const options = new Map<string, unknown>()
  for (const [key, value] of Object.entries(object)) {
    if (value === undefined) continue
    const row = rows.get(key)
    if (row === undefined) throw unknownKey(path, at + key, didYouMean(key, [...known, ...others]))
    if (!known.includes(key))
      throw unknownKey(path, at + key, `"${key}" is for the whole run: put it beside "targets"`)
    const read = readValue(row, value, dirname(path))
    if (read.kind === 'wrong') throw wrongValue(path, `"${at}${key}"`, value, read.expected, read.hint)
    options.set(key, read.value)
  }
  return options
}
