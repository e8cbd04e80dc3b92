// The matrix: a row a test, a column a target. Filters are in the address; the rows in sight are the only ones there are.

import { fill, h, type Child } from './dom.ts'
import { matches, parseQuery, termOf, toggleTerm } from './query.ts'
import { routeText, type Order, type Route } from './route.ts'
import { rowsOf, sortRows, type MatrixRow } from './matrix-rows.ts'
import { matrixHead, matrixRow, type Columns } from './matrix-row.ts'
import type { Store } from './store.ts'
import { gateBanner, noticeList } from './banner.ts'
import { findingList } from './findings-view.ts'
import { virtualRows } from './virtual-rows.ts'
import { count, signOf, verdictsByWeight } from './words.ts'

type TestsRoute = Extract<Route, { view: 'tests' }>

const ROW_HEIGHT = 38

/** With more columns a cell is a sign; how long it took is in its title. */
const ROOMY_COLUMNS = 8

export interface TestsView {
  readonly element: HTMLElement
  /** Follows the address without being built anew. */
  update(route: TestsRoute): void
}

/** Builds the view once; `go` changes the address in place. */
export function testsView(
  { index }: Store,
  scroller: HTMLElement,
  go: (route: TestsRoute, how: 'replace' | 'push') => void,
): TestsView {
  let route: TestsRoute = { view: 'tests', query: '', order: 'worst' }
  const all = rowsOf(index)
  let rows: readonly MatrixRow[] = all
  const columns: Columns = {
    runs: index.runs,
    hasCause: index.runs.length <= 3,
    longestMs: all.reduce((longest, { ms }) => Math.max(longest, ms), 1),
    causes: index.causes,
  }
  const change = (query: string, how: 'replace' | 'push' = 'push'): void => go({ ...route, query }, how)

  const input = h('input', {
    id: 'filter',
    attrs: {
      type: 'search',
      placeholder: 's:failed t:qemu @update name',
      autocomplete: 'off',
      spellcheck: 'false',
    },
    aria: { describedby: 'filter-help' },
    on: { input: () => change(input.value, 'replace') },
  })
  const order = h(
    'select',
    { id: 'order', on: { change: () => go({ ...route, order: order.value as Order }, 'push') } },
    h('option', { attrs: { value: 'worst' } }, 'worst first'),
    h('option', { attrs: { value: 'name' } }, 'by name'),
    h('option', { attrs: { value: 'slowest' } }, 'slowest first'),
  )
  const chips = h('div', { class: 'chips', role: 'group', aria: { label: 'Verdicts' } })
  const result = h('p', { class: 'result', role: 'status' })
  const toolbar = h(
    'div',
    { class: 'toolbar' },
    h(
      'div',
      { class: 'search' },
      h('label', { class: 'unseen', attrs: { for: 'filter' } }, 'Filter tests'),
      input,
    ),
    h(
      'span',
      { id: 'filter-help', class: 'unseen' },
      's: verdict, t: target, c: cause, f: file, @tag, or a part of the name; an exclamation mark in front leaves out',
    ),
    chips,
    h('label', { class: 'order' }, 'Sort ', order),
    result,
  )
  const list = virtualRows({
    scroller,
    rowHeight: ROW_HEIGHT,
    headRows: 1,
    coveredTop: () => toolbar.offsetHeight + head.offsetHeight,
    row: (at) => matrixRow(rows[at], at, columns, (tag) => toggleTerm(route.query, `@${tag}`), route.order),
  })
  const head = matrixHead(columns, (name) => toggleTerm(route.query, termOf('t:', name), true), route.order)
  const grid = h(
    'div',
    {
      class: `matrix ${index.runs.length === 1 ? 'one' : 'many'} ${index.runs.length > ROOMY_COLUMNS ? 'tight' : ''}`,
      role: 'grid',
      aria: { label: 'Tests by target', colcount: index.runs.length + (columns.hasCause ? 3 : 1) },
      style: { '--runs': String(index.runs.length) },
      on: { keydown: (event) => moveFocus(event, list, rows.length) },
    },
    head,
    list.element,
  )
  const nothing = h('p', { class: 'nothing' })
  const element = h(
    'div',
    { class: 'tests' },
    gateBanner(index.gate),
    noticeList(index),
    findingList(index),
    toolbar,
    grid,
    nothing,
  )
  return {
    element,
    update(next) {
      route = next
      const query = parseQuery(route.query)
      rows = sortRows(
        all.filter((row) => row.cells.some(({ asked }) => matches(query, asked))),
        route.order,
      )
      if (input.value !== route.query) input.value = route.query
      order.value = route.order
      fill(chips, ...chipsOf(index.verdicts, route))
      fill(
        result,
        rows.length === all.length
          ? count(all.length, 'test')
          : `${rows.length} of ${count(all.length, 'test')}`,
      )
      grid.setAttribute('aria-rowcount', String(rows.length + 1))
      fill(
        nothing,
        rows.length === 0 && 'No test is like that. ',
        rows.length === 0 && h('a', { href: '#/' }, 'Show all'),
      )
      list.reset(rows.length)
    },
  }
}

function chipsOf(verdicts: Readonly<Record<string, number>>, route: TestsRoute): readonly Child[] {
  return verdictsByWeight
    .filter((verdict) => (verdicts[verdict] ?? 0) > 0)
    .map((verdict) => {
      const term = `s:${verdict}`
      const query = toggleTerm(route.query, term)
      const isOn = query.length < route.query.length
      return h(
        'a',
        {
          class: `chip ${verdict}`,
          href: routeText({ ...route, query }),
          role: 'button',
          aria: { pressed: isOn },
          on: { keydown: pressOnSpace },
        },
        h('span', { class: 'sign', aria: { hidden: true } }, signOf(verdict)),
        `${(verdicts[verdict] ?? 0).toLocaleString('en')} ${verdict}`,
      )
    })
}

function pressOnSpace(event: KeyboardEvent): void {
  if (event.key !== ' ' || !(event.currentTarget instanceof HTMLElement)) return
  event.preventDefault()
  event.currentTarget.click()
}

/** Arrow keys go from cell to cell, as in a spreadsheet (ARIA Authoring Practices, grid pattern). */
function moveFocus(event: KeyboardEvent, list: ReturnType<typeof virtualRows>, rows: number): void {
  if (!(event.target instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey) return
  const row = event.target.closest<HTMLElement>('[data-row]')
  if (row === null) return
  const cells = stopsOf(row)
  const column = cells.findIndex((cell) => cell === event.target)
  const at = Number(row.dataset['row'])
  const focus = (nextRow: number, nextColumn: number): void => {
    const target = nextRow === at ? row : list.reveal(Math.max(0, Math.min(rows - 1, nextRow)))
    const stops = target === undefined ? [] : stopsOf(target)
    const stop = stops[Math.max(0, Math.min(stops.length - 1, nextColumn))]
    if (stop === undefined) return
    event.preventDefault()
    for (const other of document.querySelectorAll<HTMLElement>('.rows [data-stop][tabindex="0"]'))
      other.tabIndex = -1
    stop.tabIndex = 0
    stop.focus({ preventScroll: true })
  }
  const page = 12
  switch (event.key) {
    case 'ArrowDown':
      return focus(at + 1, column)
    case 'ArrowUp':
      return focus(at - 1, column)
    case 'ArrowRight':
      return focus(at, column + 1)
    case 'ArrowLeft':
      return focus(at, column - 1)
    case 'PageDown':
      return focus(at + page, column)
    case 'PageUp':
      return focus(at - page, column)
    case 'Home':
      return focus(at, 0)
    case 'End':
      return focus(at, cells.length - 1)
    default:
  }
}

function stopsOf(row: HTMLElement): readonly HTMLElement[] {
  return [...row.querySelectorAll<HTMLElement>('[data-stop]')]
}
