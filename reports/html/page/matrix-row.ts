// One row of the matrix, and its head.

import type { PageCell, PageRun } from '../data.ts'
import { h, type Child } from './dom.ts'
import type { MatrixRow, RowCell } from './matrix-rows.ts'
import { routeText, type Order } from './route.ts'
import { duration, signOf } from './words.ts'

export interface Columns {
  readonly runs: readonly PageRun[]
  /** There is room for causes and durations. */
  readonly hasCause: boolean
  readonly longestMs: number
  readonly causes: readonly string[]
}

/** The head; a click on a target asks for that one. */
export function matrixHead(columns: Columns, query: (run: string) => string, order: Order): HTMLElement {
  const targets = columns.runs.map((run) =>
    h(
      'div',
      { class: 'cell target', role: 'columnheader' },
      h(
        'button',
        {
          title: `only ${run.name}`,
          ...(run.label.join(' ') === run.name ? {} : { aria: { label: run.name } }),
          attrs: { type: 'button' },
          on: {
            click: () => {
              location.hash = routeText({ view: 'tests', query: query(run.name), order })
            },
          },
        },
        ...(columns.runs.length === 1
          ? ['Result']
          : run.label.map((part) => h('span', { class: 'part' }, part))),
      ),
    ),
  )
  return h(
    'div',
    { class: 'row head', role: 'row', aria: { rowindex: 1 } },
    h('div', { class: 'cell name', role: 'columnheader' }, 'Test'),
    ...targets,
    columns.hasCause && h('div', { class: 'cell cause', role: 'columnheader' }, 'Cause'),
    columns.hasCause && h('div', { class: 'cell time', role: 'columnheader' }, 'Duration'),
  )
}

/** A row; its cells are links to the attempt that says most. */
export function matrixRow(
  row: MatrixRow | undefined,
  at: number,
  columns: Columns,
  tagQuery: (tag: string) => string,
  order: Order,
): HTMLElement {
  if (row === undefined) return h('div', { class: 'row', role: 'row' })
  const { test, cells } = row
  const byRun = new Map(cells.map((cell) => [cell.run, cell]))
  const main = cells.toSorted((a, b) => rank(a) - rank(b))[0]
  const cause = main?.cell.c === undefined ? '' : (columns.causes[main.cell.c] ?? '')
  const target = main === undefined ? undefined : hrefOf(main, columns, test.name)
  // One stop of the whole grid is reached by Tab; arrow keys go on from there.
  const tabindex = at === 0 ? 0 : -1
  const name =
    target === undefined
      ? h('span', { data: { stop: 1 }, tabindex }, test.name)
      : h('a', { href: target, data: { stop: 1 }, tabindex, title: test.description ?? test.name }, test.name)
  // The first part of the name is a tag as well, and stands there.
  const tags = test.tags
    .filter((tag) => !test.name.startsWith(`${tag}.`))
    .slice(0, 4)
    .map((tag) =>
      h(
        'a',
        { class: 'tag', href: routeText({ view: 'tests', query: tagQuery(tag), order }), tabindex: -1 },
        `@${tag}`,
      ),
    )
  return h(
    'div',
    { class: 'row', role: 'row', data: { row: at } },
    h('div', { class: 'cell name', role: 'rowheader' }, name, ...tags),
    ...columns.runs.map((_, run) => verdictCell(byRun.get(run), columns, test.name)),
    columns.hasCause && h('div', { class: 'cell cause', role: 'gridcell', title: cause }, cause),
    columns.hasCause &&
      h('div', { class: 'cell time', role: 'gridcell' }, ...timeOf(row.ms, columns.longestMs)),
  )
}

function verdictCell(found: RowCell | undefined, columns: Columns, name: string): HTMLElement {
  if (found === undefined)
    return h('div', { class: 'cell target', role: 'gridcell', aria: { label: 'not in this run' } })
  const { cell } = found
  const run = columns.runs[found.run]
  const label = `${cell.v}${cell.a.length > 1 ? ` after ${cell.a.length} attempts` : ''}, ${duration(cell.ms)}`
  const content: readonly Child[] = [
    h('span', { class: `sign ${cell.v}`, aria: { hidden: true } }, signOf(cell.v)),
    h('span', { class: 'word' }, columns.runs.length === 1 ? cell.v : amountOf(cell)),
    cell.a.length > 1 && h('span', { class: 'times' }, `×${cell.a.length}`),
  ]
  const props = {
    class: `verdict ${cell.v}`,
    data: { stop: 1 },
    tabindex: -1,
    aria: { label: `${label}, ${name} on ${run?.name ?? ''}` },
    title: `${label}${run === undefined ? '' : ` · ${run.name}`}`,
  }
  const href = hrefOf(found, columns, name)
  return h(
    'div',
    { class: 'cell target', role: 'gridcell' },
    href === undefined ? h('span', props, ...content) : h('a', { ...props, href }, ...content),
  )
}

function amountOf({ v, ms }: PageCell): string {
  return v === 'skipped' || v === 'missing' ? v : duration(ms)
}

function timeOf(ms: number, longestMs: number): readonly Child[] {
  return [
    h('span', { class: 'bar', style: { '--share': (ms / longestMs).toFixed(4) }, aria: { hidden: true } }),
    h('span', { class: 'amount' }, ms === 0 ? '' : duration(ms)),
  ]
}

/** The attempt that decided: the last one that is not green, else the last. */
function hrefOf({ cell, run }: RowCell, columns: Columns, test: string): string | undefined {
  const red = cell.a.findLast(({ o, kind }) => kind !== 'audit' && o !== 'passed' && o !== 'skipped')
  const attempt = (cell.v === 'passed' ? undefined : red) ?? cell.a.at(-1)
  const name = columns.runs[run]?.run
  if (attempt === undefined || name === undefined) return undefined
  return routeText({ view: 'attempt', at: { run: name, test, n: attempt.n } })
}

/** Which cell says most about a test. */
function rank({ cell }: RowCell): number {
  const ranks: Readonly<Record<PageCell['v'], number>> = {
    failed: 0,
    missing: 1,
    infra: 2,
    flaky: 3,
    warned: 4,
    passed: 5,
    skipped: 6,
  }
  return ranks[cell.v]
}
