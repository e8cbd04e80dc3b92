// The saved machines below a results folder, by where they lie: `<run>/attempts/[<cell>/]<test>/<n>/<machine>/saved/`. And
// which of them a name means.

import { readdir } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { UsageError } from '../errors.ts'
import { findByName, nameOf, type MachineName } from './machine-name.ts'
import { RECORD_FILE } from './saved-record.ts'

export interface SavedPlace extends MachineName {
  readonly folder: string
}

const words = {
  what: 'saved machines',
  hint: 'signalbox run --save-failed saves the machines of failed tests; --output says where runs are',
} as const

/** All of them, whole or not. */
export async function listSaved(output: string): Promise<readonly SavedPlace[]> {
  const runs = await readdir(output).catch(() => [])
  const each = await Promise.all(
    runs
      .filter((name) => /^\d{8}-\d{6}-/.test(name))
      .map(async (run) => {
        const attempts = join(output, run, 'attempts')
        const entries = await readdir(attempts, { recursive: true, withFileTypes: true }).catch(() => [])
        return entries
          .filter(({ name }) => name === RECORD_FILE)
          .flatMap(({ parentPath }) => placeOf(run, attempts, parentPath) ?? [])
      }),
  )
  return each.flat()
}

function placeOf(run: string, attempts: string, folder: string): SavedPlace | undefined {
  const parts = relative(attempts, dirname(folder)).split(sep)
  const [machine, n, test, cell] = parts.toReversed()
  if (
    machine === undefined ||
    test === undefined ||
    !/^\d+$/.test(n ?? '') ||
    !folder.endsWith(`${sep}saved`)
  )
    return undefined
  return {
    folder,
    // As the events of several targets name it.
    run: cell === undefined ? run : `${run}.${cell}`,
    test,
    attempt: Number(n),
    machine,
  }
}

export interface ChosenSaved {
  /** The one to be entered. */
  readonly entered: SavedPlace
  /** All that were saved with it, it included. */
  readonly all: readonly SavedPlace[]
}

/** What a name means: one attempt of one test; of several attempts the last, or `attempt`. Throws UsageError. */
export function chooseSaved(
  wanted: string | undefined,
  places: readonly SavedPlace[],
  attempt: number | undefined,
): ChosenSaved {
  const found = findByName(wanted, places, words)
  const tests = new Set(found.map(({ test }) => test))
  if (tests.size > 1) {
    const names = [...new Set(found.map((each) => nameOf({ ...each, machine: '' }).slice(0, -1)))]
    throw new UsageError(
      wanted === undefined ? `there are several ${words.what}` : `"${wanted}" means several ${words.what}`,
      { code: 'several-machines', hint: ['say which:', ...names.toSorted()].join('\n  ') },
    )
  }
  const attempts = [...new Set(found.map((each) => each.attempt))].toSorted((a, b) => a - b)
  const n = attempt ?? attempts.at(-1)
  const [entered] = found.filter((each) => each.attempt === n).toSorted(byMachine)
  if (entered === undefined) {
    throw new UsageError(`attempt ${n} of ${[...tests].join()} was not saved`, {
      code: 'unknown-attempt',
      hint: `saved: ${attempts.join(', ')}`,
    })
  }
  const { run, test } = entered
  const all = places.filter((each) => each.run === run && each.test === test && each.attempt === n)
  return { entered, all: all.toSorted(byMachine) }
}

function byMachine(a: SavedPlace, b: SavedPlace): number {
  return a.machine.localeCompare(b.machine, 'en', { numeric: true })
}
