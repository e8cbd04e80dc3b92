// Two sets of verdicts side by side, by test and target: what is red in the later and was not in the earlier.

import type { Verdict } from '../../../harness/model.ts'

export interface CellVerdict {
  readonly verdict: Verdict
  readonly run: string
  readonly fingerprint: string | undefined
}

export interface ComparedCell {
  readonly test: string
  readonly target: string
  readonly before: CellVerdict | undefined
  readonly after: CellVerdict | undefined
}

export interface CellComparison {
  /** Failed later; passed (perhaps flaky or with a known failure) before. */
  readonly newlyRed: readonly ComparedCell[]
  /** Failed later; never judged before. */
  readonly redAndNew: readonly ComparedCell[]
  /** Failed both times, with the same fingerprint or another. */
  readonly stillRed: readonly ComparedCell[]
  /** Failed before only. */
  readonly mended: readonly ComparedCell[]
  /** Judged before, not later. */
  readonly unjudged: readonly ComparedCell[]
}

/** The verdicts that say something about an image. */
export const judging = ['passed', 'flaky', 'warned', 'failed'] as const

/** Verdicts by `<target>\n<test>`. */
export type CellVerdicts = ReadonlyMap<string, CellVerdict>

/** Compares what judged an image. */
export function compareCells(earlier: CellVerdicts, later: CellVerdicts): CellComparison {
  const cells = [...new Set([...earlier.keys(), ...later.keys()])].toSorted().map((key): ComparedCell => {
    const [target = '', test = ''] = key.split('\n')
    return { test, target, before: earlier.get(key), after: later.get(key) }
  })
  const isRed = (found: CellVerdict | undefined): boolean => found?.verdict === 'failed'
  const red = cells.filter((cell) => isRed(cell.after))
  return {
    newlyRed: red.filter((cell) => cell.before !== undefined && !isRed(cell.before)),
    redAndNew: red.filter((cell) => cell.before === undefined),
    stillRed: red.filter((cell) => isRed(cell.before)),
    mended: cells.filter((cell) => isRed(cell.before) && cell.after !== undefined && !isRed(cell.after)),
    unjudged: cells.filter((cell) => cell.before !== undefined && cell.after === undefined),
  }
}
