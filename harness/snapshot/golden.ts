// Golden files: what a machine's state must hold. A file names what must be there, and a machine may have more, unless the file says
// of a part that it is complete.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { messageOf, UsageError } from '../errors.ts'
import {
  snapshotSections,
  type MachineSnapshot,
  type SnapshotSection,
  type SnapshotTable,
} from './snapshot.ts'

/** When golden files are written, as in Playwright Test. */
export const updateModes = ['all', 'changed', 'missing', 'none'] as const
export type UpdateMode = (typeof updateModes)[number]

/** A value is the text itself, or a pattern between slashes: `/^257\./`. */
export interface Golden {
  /** Parts of which nothing else may be there. */
  readonly complete: readonly SnapshotSection[]
  readonly sections: Partial<Readonly<Record<SnapshotSection, SnapshotTable>>>
}

const isSection = (name: unknown): name is SnapshotSection =>
  (snapshotSections as readonly unknown[]).includes(name)
const isTable = (value: unknown): value is SnapshotTable =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((each) => typeof each === 'string')

/** Reads a golden file; undefined when there is none. Throws UsageError `bad-snapshot` for one that cannot be understood. */
export function readGolden(path: string): Golden | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  const bad = (what: string): UsageError =>
    new UsageError(`the snapshot ${path} ${what}`, {
      code: 'bad-snapshot',
      hint: `it is JSON: { "complete": ["listeners"], "listeners": { ... } }, with parts out of ${snapshotSections.join(', ')}`,
    })
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch (error) {
    throw bad(`is no JSON: ${messageOf(error)}`)
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw bad('is no object')
  const { complete = [], ...sections } = data as Record<string, unknown>
  if (!Array.isArray(complete) || !complete.every(isSection))
    throw bad('has a "complete" that is no list of parts')
  for (const [name, content] of Object.entries(sections)) {
    if (!isSection(name)) throw bad(`has a part "${name}", which snapshots do not have`)
    if (!isTable(content)) throw bad(`has a part "${name}" that is no table of texts`)
    for (const [key, value] of Object.entries(content))
      try {
        patternOf(value)
      } catch (error) {
        throw bad(`has at ${name}: ${key} no regular expression: ${messageOf(error)}`)
      }
  }
  return { complete, sections }
}

const patternOf = (value: string): RegExp | undefined => {
  const [, source] = /^\/([\s\S]+)\/$/.exec(value) ?? []
  return source === undefined ? undefined : new RegExp(source)
}

/** Paths begin with a slash as well, and end without one. */
const matches = (wanted: string, value: string | undefined): boolean =>
  value !== undefined && (value === wanted || patternOf(wanted)?.test(value) === true)

/** What of the snapshot is not as the golden file says, a line each, as a diff shows it. */
export function mismatches({ complete, sections }: Golden, snapshot: MachineSnapshot): readonly string[] {
  return snapshotSections.flatMap((section) => {
    const wanted = sections[section]
    if (wanted === undefined) return []
    const have = snapshot.sections[section]
    const wrong = Object.entries(wanted)
      .filter(([name, value]) => !matches(value, have[name]))
      .flatMap(([name, value]) => [
        `- ${name}: ${value}`,
        ...(have[name] === undefined ? [] : [`+ ${name}: ${have[name]}`]),
      ])
    const more = complete.includes(section)
      ? Object.entries(have)
          .filter(([name]) => wanted[name] === undefined)
          .map(([name, value]) => `+ ${name}: ${value}`)
      : []
    return wrong.length + more.length === 0 ? [] : [`${section}:`, ...wrong, ...more]
  })
}

/**
 * The golden file made anew from a snapshot. What is there says what stays in it: its parts, and of a part that is not complete
 * its names; patterns that still match stay. Without one, all of the parts asked for.
 */
export function renewGolden(
  old: Golden | undefined,
  snapshot: MachineSnapshot,
  parts: readonly SnapshotSection[] = snapshotSections,
): Golden {
  if (old === undefined) {
    return {
      complete: [],
      sections: Object.fromEntries(parts.map((section) => [section, snapshot.sections[section]])),
    }
  }
  const renew = (section: SnapshotSection, wanted: SnapshotTable): SnapshotTable =>
    Object.fromEntries(
      Object.entries(snapshot.sections[section])
        .filter(([name]) => wanted[name] !== undefined || old.complete.includes(section))
        .map(([name, value]) => {
          const before = wanted[name]
          return [name, before !== undefined && matches(before, value) ? before : value]
        }),
    )
  return {
    complete: old.complete,
    sections: Object.fromEntries(
      snapshotSections.flatMap((section) => {
        const wanted = old.sections[section]
        return wanted === undefined ? [] : [[section, renew(section, wanted)]]
      }),
    ),
  }
}

/** The text of a golden file. */
export function goldenText({ complete, sections }: Golden): string {
  return `${JSON.stringify({ ...(complete.length === 0 ? {} : { complete }), ...sections }, null, 2)}\n`
}

/** Writes a golden file, and the folders around it. */
export function writeGolden(path: string, golden: Golden): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, goldenText(golden))
}
