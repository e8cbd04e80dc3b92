// The rows of the matrix as data: a test, and its cell in each run.

import type { PageCell, PageIndex, PageTest } from '../data.ts'
import type { Asked } from './query.ts'
import type { Order } from './route.ts'
import { verdictsByWeight } from './words.ts'

export interface RowCell {
  /** Index of the run. */
  readonly run: number
  readonly cell: PageCell
  readonly asked: Asked
}

export interface MatrixRow {
  readonly test: PageTest
  /** Of the runs that have the test, in their order. */
  readonly cells: readonly RowCell[]
  /** Place of its worst verdict among `verdictsByWeight`. */
  readonly weight: number
  /** The longest of its cells. */
  readonly ms: number
}

/** All rows, in the order of the index. */
export function rowsOf({ tests, runs, causes }: PageIndex): readonly MatrixRow[] {
  const cells: RowCell[][] = tests.map(() => [])
  for (const [number, run] of runs.entries())
    for (const cell of run.cells) {
      const test = tests[cell.t]
      if (test === undefined) continue
      const cause = cell.c === undefined ? '' : (causes[cell.c] ?? '')
      cells[cell.t]?.push({
        run: number,
        cell,
        asked: {
          name: test.aliases === undefined ? test.name : `${test.name} ${test.aliases.join(' ')}`,
          tags: test.tags,
          target: run.name,
          states: cell.a.length < 2 ? [cell.v] : [cell.v, ...cell.a.map(({ o }) => o)],
          code: cell.code ?? '',
          file: test.place ?? '',
          more: cause,
        },
      })
    }
  return tests.map((test, number) => {
    const own = cells[number] ?? []
    return {
      test,
      cells: own,
      weight: own.reduce(
        (worst, { cell }) => Math.min(worst, verdictsByWeight.indexOf(cell.v)),
        verdictsByWeight.length,
      ),
      ms: own.reduce((longest, { cell }) => Math.max(longest, cell.ms), 0),
    }
  })
}

const order = new Intl.Collator('en', { numeric: true })

/** Sorted; equal ones by name. */
export function sortRows(rows: readonly MatrixRow[], by: Order): readonly MatrixRow[] {
  const byName = (a: MatrixRow, b: MatrixRow): number => order.compare(a.test.name, b.test.name)
  switch (by) {
    case 'name':
      return rows.toSorted(byName)
    case 'slowest':
      return rows.toSorted((a, b) => b.ms - a.ms || byName(a, b))
    case 'worst':
      return rows.toSorted((a, b) => a.weight - b.weight || byName(a, b))
    default:
      return by satisfies never
  }
}
