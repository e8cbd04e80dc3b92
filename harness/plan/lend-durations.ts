// How long tests may take on a target where they never ran, pure: what another target took, scaled by how much slower this
// host runs machines of one and the other.

import type { DurationBook } from './durations.ts'

/** Durations that are another target's. */
export interface LentDurations {
  /** The target they were recorded on. */
  readonly target: string
  /** By which they are multiplied; 1 where nobody knows how fast machines of that target were. */
  readonly factor: number
  ofMs(test: string): number | undefined
}

export interface BorrowOptions {
  /** Which gets them. */
  readonly target: string
  readonly tests: readonly string[]
  /** Of the target's machines. */
  readonly slowness: number
  readonly book: DurationBook
}

/**
 * Of the target that knows most of these tests; among equals of one whose speed is known, and of those the one most alike in speed.
 * Undefined where none knows any.
 */
export function lendDurations({ target, tests, slowness, book }: BorrowOptions): LentDurations | undefined {
  const names = new Set([...book.durations.keys()].map((key) => key.slice(0, key.indexOf(' '))))
  names.delete(target)
  const lenders = [...names].map((name) => ({
    name,
    knows: tests.filter((test) => book.durations.has(`${name} ${test}`)).length,
    factor: slowness / (book.slownesses.get(name) ?? slowness),
    unlike: Math.abs(Math.log(slowness / (book.slownesses.get(name) ?? Infinity))),
  }))
  const [best] = lenders
    .filter(({ knows }) => knows > 0)
    .toSorted((a, b) => b.knows - a.knows || compareNumbers(a.unlike, b.unlike) || (a.name < b.name ? -1 : 1))
  if (best === undefined) return undefined
  const { name, factor } = best
  return {
    target: name,
    factor,
    ofMs: (test) => {
      const ms = book.durations.get(`${name} ${test}`)
      return ms === undefined ? undefined : Math.round(ms * factor)
    },
  }
}

/** Infinity is equal to itself. */
function compareNumbers(a: number, b: number): number {
  return a === b ? 0 : a - b
}
