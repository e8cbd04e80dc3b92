// Everything of an attempt in one list, in the order of the clock: the timeline to be read, searched and walked through.

import type { Lane, TimelineItem } from '../data.ts'
import { fill, h } from './dom.ts'
import type { Span } from './timeline-scale.ts'
import { virtualRows } from './virtual-rows.ts'
import { clock, count, duration, lanes } from './words.ts'

export interface HappeningList {
  readonly element: HTMLElement
  setItems(items: readonly TimelineItem[]): void
  setSpan(span: Span): void
  /** Chooses an item: shows and describes it. */
  choose(item: TimelineItem): void
}

export interface HappeningOptions {
  readonly zero: number
  readonly onPoint: (at: number | undefined) => void
  readonly onChoose: (item: TimelineItem) => void
}

const ROW_HEIGHT = 26

/** Builds the list and the pane beside it. */
export function happeningList({ zero, onPoint, onChoose }: HappeningOptions): HappeningList {
  let all: readonly TimelineItem[] = []
  let shown: readonly TimelineItem[] = []
  let span: Span | undefined
  let chosen: TimelineItem | undefined
  const off = new Set<Lane>()

  const search = h('input', {
    attrs: { type: 'search', placeholder: 'Find in the timeline', spellcheck: 'false' },
    aria: { label: 'Find in the timeline' },
    on: { input: () => refresh() },
  })
  const toggles = h('div', { class: 'chips', role: 'group', aria: { label: 'Kinds' } })
  const inSpan = h('input', { attrs: { type: 'checkbox' }, on: { change: () => refresh() } })
  const result = h('span', { class: 'result', role: 'status' })
  const scroller = h('div', { class: 'scroller' })
  const pane = h('div', {
    class: 'pane',
    aria: { live: 'polite', label: 'Chosen' },
    role: 'region',
    tabindex: 0,
  })
  const rows = virtualRows({
    scroller,
    rowHeight: ROW_HEIGHT,
    headRows: 1,
    coveredTop: () => ROW_HEIGHT,
    row: (at) => rowOf(at),
  })
  const table = h(
    'div',
    {
      class: 'happenings',
      role: 'grid',
      aria: { label: 'Everything that happened', colcount: 4 },
      on: { keydown: move },
    },
    h(
      'div',
      { class: 'row head', role: 'row', aria: { rowindex: 1 } },
      ...['Time', 'Kind', 'What', 'Took'].map((name, index) =>
        h('span', { class: ['at', 'kind', 'what', 'took'][index] ?? '', role: 'columnheader' }, name),
      ),
    ),
    rows.element,
  )
  scroller.append(table)
  const element = h(
    'div',
    { class: 'happening-area' },
    h(
      'div',
      { class: 'happening-tools' },
      search,
      toggles,
      h('label', { class: 'check' }, inSpan, ' only what is in sight above'),
      result,
    ),
    h('div', { class: 'happening-split' }, scroller, pane),
  )
  fill(pane, h('p', { class: 'quiet' }, 'Choose a line or a bar to see all of it.'))

  function rowOf(at: number): HTMLElement {
    const item = shown[at]
    if (item === undefined) return h('div', { class: 'row', role: 'row' })
    const took = item.end === undefined ? '' : item.end === null ? 'open' : duration(item.end - item.at)
    const isChosen = item === chosen
    return h(
      'div',
      {
        class: `row ${item.lane} ${item.state ?? ''}`,
        role: 'row',
        tabindex: isChosen || (chosen === undefined && at === 0) ? 0 : -1,
        data: { row: at },
        aria: { selected: isChosen },
        on: {
          click: () => pick(at, true),
          focus: () => onPoint(item.at),
          mouseenter: () => onPoint(item.at),
          mouseleave: () => onPoint(undefined),
        },
      },
      h(
        'span',
        {
          class: 'at',
          role: 'gridcell',
          title: item.about === true ? 'about: it has no time of its own' : '',
        },
        `${item.about === true ? '~' : ''}${clock(item.at - zero)}`,
      ),
      h('span', { class: 'kind', role: 'gridcell' }, kindOf(item)),
      h(
        'span',
        { class: 'what', role: 'gridcell', style: { '--depth': String(item.depth ?? 0) } },
        signed(item),
      ),
      h('span', { class: 'took', role: 'gridcell' }, took),
    )
  }

  function refresh(): void {
    const wanted = search.value.toLowerCase()
    shown = all.filter(
      (item) =>
        !off.has(item.lane) &&
        (wanted === '' ||
          item.title.toLowerCase().includes(wanted) ||
          (item.text?.toLowerCase().includes(wanted) ?? false)) &&
        (!inSpan.checked || span === undefined || ((item.end ?? item.at) >= span.from && item.at <= span.to)),
    )
    table.setAttribute('aria-rowcount', String(shown.length + 1))
    fill(result, count(shown.length, 'line'))
    rows.reset(shown.length)
  }

  function drawToggles(): void {
    const numbers = Map.groupBy(all, ({ lane }) => lane)
    fill(
      toggles,
      ...lanes.flatMap(({ lane, name }) => {
        const own = numbers.get(lane)
        if (own === undefined) return []
        return [
          h(
            'button',
            {
              class: `chip lane-chip ${lane}`,
              attrs: { type: 'button' },
              aria: { pressed: !off.has(lane) },
              on: {
                click: (event) => {
                  if (!off.delete(lane)) off.add(lane)
                  if (event.currentTarget instanceof HTMLElement)
                    event.currentTarget.setAttribute('aria-pressed', String(!off.has(lane)))
                  refresh()
                },
              },
            },
            `${name} ${own.length.toLocaleString('en')}`,
          ),
        ]
      }),
    )
  }

  function pick(at: number, focus: boolean): void {
    const item = shown[at]
    if (item === undefined) return
    chosen = item
    describe(item)
    rows.redraw()
    const row = rows.reveal(at)
    if (focus) row?.focus({ preventScroll: true })
    onChoose(item)
  }

  function describe(item: TimelineItem): void {
    const took =
      item.end === undefined
        ? ''
        : item.end === null
          ? ', never ended'
          : `, took ${duration(item.end - item.at)}`
    fill(
      pane,
      h(
        'p',
        { class: 'quiet' },
        `${kindOf(item)} at ${clock(item.at - zero)}${took}${item.state === undefined ? '' : `, ${item.state}`}`,
      ),
      h('pre', { class: `title ${item.lane}` }, item.title),
      item.text !== undefined && h('pre', { class: 'output' }, item.text),
    )
  }

  function move(event: KeyboardEvent): void {
    const row = event.target instanceof HTMLElement ? event.target.closest<HTMLElement>('[data-row]') : null
    if (row === null || event.ctrlKey || event.metaKey || event.altKey) return
    const by = (
      {
        ArrowDown: 1,
        ArrowUp: -1,
        PageDown: 15,
        PageUp: -15,
        Home: -1e9,
        End: 1e9,
        Enter: 0,
        ' ': 0,
      } as const
    )[event.key as 'Enter']
    if (by === undefined) return
    event.preventDefault()
    pick(Math.max(0, Math.min(shown.length - 1, Number(row.dataset['row']) + by)), true)
  }

  return {
    element,
    setItems(items) {
      all = items
      drawToggles()
      refresh()
    },
    setSpan(next) {
      span = next
      if (inSpan.checked) refresh()
    },
    choose(item) {
      if (!shown.includes(item)) {
        off.delete(item.lane)
        search.value = ''
        inSpan.checked = false
        drawToggles()
        refresh()
      }
      pick(shown.indexOf(item), false)
    },
  }
}

function kindOf({ lane, m }: TimelineItem): string {
  return m === undefined ? lane : `${lane} ${m}`
}

function signed({ state, title }: TimelineItem): string {
  if (state === 'failed') return `✕ ${title}`
  return state === 'warned' ? `! ${title}` : title
}
