// Axes and their values -> the cells, pure. The rules are those of GitHub Actions' `strategy.matrix` (GitHub Docs, "Running
// variations of jobs in a workflow"): all combinations, without those that `exclude` matches, and with what `include` adds.

import type { AxisKey } from '../../config/config.ts'

/** In the order in which a name is made of them; what changes seldom stands first. */
export const axisKeys = [
  'platform',
  'architecture',
  'firmware',
  'tpm',
  'distro',
  'image',
  'channel',
  'imageVersion',
  'flavour',
  'memoryMiB',
  'cpus',
  'fork',
] as const satisfies readonly AxisKey[]

/** More cells than anybody wants by intention; GitHub has the same limit. */
export const MOST_CELLS = 256

/** A value as a config has it: texts, numbers, flags, lists; null: not set. */
export type Values = Readonly<Record<string, unknown>>

export interface Matrix {
  readonly axes: Readonly<Partial<Record<AxisKey, readonly unknown[]>>>
  readonly exclude: readonly Values[]
  /** `name` is that of a cell of its own. */
  readonly include: readonly Values[]
}

export interface MatrixCell {
  readonly name: string
  /** Options and other keys of a target, without null. */
  readonly values: Values
  /** What tells it from the others, by axis. */
  readonly axes: Readonly<Record<string, string>>
}

/** The cells in their order: the last axis changes fastest, what `include` adds comes last. `platform` is that of all without one. */
export function expandMatrix({ axes, exclude, include }: Matrix, platform: string): readonly MatrixCell[] {
  const keys = axisKeys.filter((key) => axes[key] !== undefined)
  const combinations = keys
    .reduce<readonly Values[]>(
      (all, key) => all.flatMap((one) => (axes[key] ?? []).map((value) => ({ ...one, [key]: value }))),
      keys.length === 0 ? [] : [{}],
    )
    .filter((one) => !exclude.some((pattern) => isPartOf(pattern, one)))
    .map((original) => ({ original, added: {} as Values }))
  const more: Values[] = []
  for (const entry of include) {
    const extended = combinations.filter(({ original }) => overwritesNothing(entry, original))
    if (extended.length === 0 || entry['name'] !== undefined) more.push(entry)
    else for (const combination of extended) combination.added = { ...combination.added, ...entry }
  }
  return [
    ...combinations.map(({ original, added }) => cellOf(original, { ...added, ...original }, platform)),
    ...more.map((entry) => cellOf(entry, entry, platform)),
  ]
}

function isPartOf(pattern: Values, combination: Values): boolean {
  return Object.entries(pattern).every(([key, value]) => isSame(combination[key], value))
}

/** Whether none of its values replaces that of an axis by another one. */
function overwritesNothing(entry: Values, original: Values): boolean {
  return Object.entries(entry).every(([key, value]) => !(key in original) || isSame(original[key], value))
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

function cellOf(identity: Values, all: Values, platform: string): MatrixCell {
  const { name, ...values } = Object.fromEntries(
    Object.entries(all).filter(([, value]) => value !== null && value !== undefined),
  )
  const named = axisKeys.flatMap((key) => {
    const value = identity[key] ?? (key === 'platform' ? (all[key] ?? platform) : undefined)
    return value === undefined || value === null ? [] : [{ key, value }]
  })
  return {
    name: typeof name === 'string' ? name : named.map(({ key, value }) => wordOf(key, value)).join('-'),
    values,
    axes: Object.fromEntries(
      axisKeys.flatMap((key) => {
        const value = values[key]
        return value === undefined ? [] : [[key, key === 'image' ? wordOf(key, value) : textOf(value)]]
      }),
    ),
  }
}

/** A value as a part of a name, which is part of paths. */
function wordOf(key: AxisKey, value: unknown): string {
  const text = textOf(value)
  switch (key) {
    case 'tpm':
      return text === 'on' ? 'tpm' : 'no-tpm'
    case 'fork':
      return value === true ? 'fork' : 'no-fork'
    case 'memoryMiB':
      return `${text}mib`
    case 'cpus':
      return `${text}cpu`
    case 'image':
      return safe((text.split(/[/\\]/).at(-1) ?? text).replace(/\.(?:img|raw|qcow2|bin)$/, ''))
    case 'platform':
    case 'architecture':
    case 'firmware':
    case 'distro':
    case 'channel':
    case 'imageVersion':
    case 'flavour':
      return safe(text)
    default:
      return key satisfies never
  }
}

/** What is no text becomes one that the checks of its option refuse by name. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

const safe = (text: string): string => text.replaceAll(/[^\w.-]+/g, '_')
