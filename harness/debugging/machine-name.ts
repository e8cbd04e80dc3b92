// Names of machines beyond their run: `<run>/<test>/<machine>`, the test with `#2` for a second attempt. Any part of a name
// that is enough is enough; what is not found lists what there is, nearest first. Pure.

import { UsageError } from '../errors.ts'
import { nearest } from '../nearest.ts'

export interface MachineName {
  readonly run: string
  readonly test: string
  readonly attempt: number
  readonly machine: string
}

/** The whole name. */
export function nameOf({ run, test, attempt, machine }: MachineName): string {
  return `${run}/${attempt === 1 ? test : `${test}#${attempt}`}/${machine}`
}

/**
 * What a name or a part of one means: run, test, machine or neighbours of them joined by slashes. `latest` is the newest
 * run; without a run the newest that has any; undefined: all of the newest run. Throws UsageError when there is none.
 */
export function findByName<T extends MachineName>(
  wanted: string | undefined,
  all: readonly T[],
  words: { readonly what: string; readonly hint: string },
): readonly T[] {
  if (all.length === 0)
    throw new UsageError(`there are no ${words.what}`, { code: 'none-there', hint: words.hint })
  const newestRun =
    all
      .map(({ run }) => run)
      .toSorted()
      .at(-1) ?? ''
  const parts = (wanted ?? '').split('/').filter((part) => part !== '')
  const found = all.filter((each) => fits(parts, each, newestRun))
  if (found.length > 0) {
    const newest = found
      .map(({ run }) => run)
      .toSorted()
      .at(-1)
    return found.filter(({ run }) => run === newest)
  }
  const names = nearest(wanted ?? '', all.map(nameOf), 10)
  throw new UsageError(`none of the ${words.what} is called "${wanted ?? ''}"`, {
    code: 'unknown-machine',
    hint: ['did you mean one of these?', ...names].join('\n  '),
  })
}

/** As `findByName`, but exactly one. */
export function findOneByName<T extends MachineName>(
  wanted: string | undefined,
  all: readonly T[],
  words: { readonly what: string; readonly hint: string },
): T {
  const found = findByName(wanted, all, words)
  const [first] = found
  if (first !== undefined && found.length === 1) return first
  const shown =
    wanted === undefined ? `there are several ${words.what}` : `"${wanted}" means several ${words.what}`
  throw new UsageError(shown, {
    code: 'several-machines',
    hint: ['say which:', ...found.map(nameOf).toSorted()].join('\n  '),
  })
}

function fits(
  parts: readonly string[],
  { run, test, attempt, machine }: MachineName,
  newest: string,
): boolean {
  if (parts.length === 0) return run === newest
  const whole: readonly (readonly string[])[] = [
    run === newest ? [run, 'latest'] : [run],
    [test, `${test}#${attempt}`],
    [machine],
  ]
  return whole.some((_, start) => parts.every((part, index) => whole[start + index]?.includes(part) === true))
}
