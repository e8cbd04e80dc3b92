// The picture of the timeline: a lane for each kind of thing, all on one clock. It can be zoomed and moved with mouse and
// keys; whatever it shows is in the list below it too, which is what assistive technology reads.

import type { TimelineItem } from '../data.ts'
import { fill, h, s } from './dom.ts'
import { laneRows, type LaneRow } from './lane-rows.ts'
import { drawLane, isBetween, LABEL_WIDTH, laneHeight, type Drawn } from './lane-draw.ts'
import { moved, ticksOf, within, zoomed, type Span } from './timeline-scale.ts'
import { clock, duration } from './words.ts'

export interface TimelineView {
  readonly element: HTMLElement
  /** Shows these items; the span stays as it is. */
  setItems(items: readonly TimelineItem[]): void
  /** Marks a moment, or none. */
  point(at: number | undefined): void
  /** Marks an item as the chosen one. */
  choose(item: TimelineItem | undefined): void
  readonly span: () => Span
}

export interface TimelineOptions {
  /** All there is. */
  readonly whole: Span
  /** What is shown at first. */
  readonly first: Span
  /** The moment that is called 0. */
  readonly zero: number
  readonly onSpan: (span: Span) => void
  readonly onChoose: (item: TimelineItem) => void
}

const AXIS_HEIGHT = 24

/** Builds it; it draws itself when it is put into the page, and whenever its width changes. */
export function timelineView(options: TimelineOptions): TimelineView {
  const { whole, first, zero, onSpan, onChoose } = options
  let span = within(first, whole)
  let rows: readonly LaneRow[] = []
  let width = 0
  let chosen: TimelineItem | undefined
  let drawn: readonly Drawn[] = []

  const svg = s('svg', { class: 'lanes', 'aria-hidden': 'true' })
  const tip = h('div', { class: 'tip', attrs: { hidden: '' } })
  const cursor = h('div', { class: 'cursor', attrs: { hidden: '' } }, h('span', {}))
  const brush = h('div', { class: 'brush', attrs: { hidden: '' } })
  const board = h(
    'div',
    {
      class: 'board',
      tabindex: 0,
      role: 'group',
      aria: {
        label:
          'Timeline picture. Plus and minus zoom, arrow keys move, 0 shows everything. The list below says the same.',
      },
    },
    svg,
    brush,
    cursor,
    tip,
  )
  const button = (name: string, label: string, act: () => void): HTMLElement =>
    h('button', { attrs: { type: 'button' }, title: label, aria: { label }, on: { click: act } }, name)
  const shown = h('output', { class: 'span' })
  const element = h(
    'div',
    { class: 'timeline' },
    h(
      'div',
      { class: 'controls' },
      button('−', 'Zoom out', () => zoom(2)),
      button('+', 'Zoom in', () => zoom(0.5)),
      button('Fit', 'Show the attempt', () => setSpan(first)),
      button('All', 'Show everything that is known', () => setSpan(whole)),
      shown,
      h('span', { class: 'quiet hint' }, 'drag to zoom, Ctrl + wheel, double click for all of it'),
    ),
    board,
  )

  const trackWidth = (): number => Math.max(50, width - LABEL_WIDTH - 8)
  const xOf = (at: number): number => LABEL_WIDTH + ((at - span.from) / (span.to - span.from)) * trackWidth()
  const atOf = (x: number): number => span.from + ((x - LABEL_WIDTH) / trackWidth()) * (span.to - span.from)
  const setSpan = (next: Span): void => {
    span = within(next, whole)
    draw()
    onSpan(span)
  }
  const zoom = (factor: number, around = (span.from + span.to) / 2): void =>
    setSpan(zoomed(span, whole, around, factor))

  const draw = (): void => {
    if (width === 0) return
    // A lane that has nothing in the attempt, like a template's, comes when one goes where it has something.
    const wide = { from: Math.min(span.from, first.from), to: Math.max(span.to, first.to) }
    const shownRows = rows.filter((row) => isBetween(row, wide))
    const heights = shownRows.map(laneHeight)
    const height = AXIS_HEIGHT + heights.reduce((sum, each) => sum + each, 0)
    svg.setAttribute('viewBox', `0 0 ${width} ${height}`)
    svg.setAttribute('width', String(width))
    svg.setAttribute('height', String(height))
    const { step, at } = ticksOf(span, zero, trackWidth() / 90)
    const ticks = at.map((tick) =>
      s(
        'g',
        { class: 'tick' },
        s('line', { x1: xOf(tick), x2: xOf(tick), y1: AXIS_HEIGHT - 5, y2: height }),
        s('text', { x: xOf(tick) + 4, y: AXIS_HEIGHT - 9 }, clock(tick - zero, step)),
      ),
    )
    let y = AXIS_HEIGHT
    const all: Drawn[] = []
    const parts = shownRows.map((row, index) => {
      const part = drawLane(row, { y, width, span, xOf, chosen, odd: index % 2 === 1 })
      y += heights[index] ?? 0
      all.push(...part.drawn)
      return part.element
    })
    drawn = all
    fill(svg, ...parts.map(({ back }) => back), ...ticks, ...parts.map(({ front }) => front))
    fill(
      shown,
      `${clock(span.from - zero, step / 10)} to ${clock(span.to - zero, step / 10)} (${duration(span.to - span.from)})`,
    )
  }

  const itemAt = (x: number, y: number): Drawn | undefined =>
    drawn.findLast(
      (each) => x >= each.x - 2 && x <= each.x + each.width + 2 && y >= each.y && y <= each.y + each.height,
    )
  const placeOf = (event: MouseEvent): { readonly x: number; readonly y: number } => {
    const box = svg.getBoundingClientRect()
    return { x: event.clientX - box.left, y: event.clientY - box.top }
  }
  const pointAt = (at: number | undefined): void => {
    const isIn = at !== undefined && at >= span.from && at <= span.to
    cursor.hidden = !isIn
    if (!isIn) return
    cursor.style.setProperty('transform', `translateX(${xOf(at)}px)`)
    fill(cursor.firstElementChild ?? cursor, clock(at - zero, 1))
  }
  const showTip = (found: Drawn | undefined, x: number, y: number): void => {
    tip.hidden = found === undefined
    if (found === undefined) return
    fill(tip, h('b', {}, found.title), h('span', {}, found.more(zero)))
    const left = Math.min(x + 14, width - tip.offsetWidth - 8)
    tip.style.setProperty('transform', `translate(${Math.max(8, left)}px, ${y + 18}px)`)
  }

  let dragFrom: number | undefined
  board.addEventListener('pointerdown', (event) => {
    const { x } = placeOf(event)
    if (event.button !== 0 || x < LABEL_WIDTH) return
    dragFrom = x
    board.setPointerCapture(event.pointerId)
  })
  board.addEventListener('pointermove', (event) => {
    const { x, y } = placeOf(event)
    if (dragFrom !== undefined) {
      const [left, right] = [Math.min(dragFrom, x), Math.max(dragFrom, x)]
      brush.hidden = right - left < 4
      brush.style.setProperty('transform', `translateX(${left}px)`)
      brush.style.setProperty('width', `${right - left}px`)
    }
    pointAt(x < LABEL_WIDTH ? undefined : atOf(x))
    const found = dragFrom === undefined ? itemAt(x, y) : undefined
    board.classList.toggle('over', found !== undefined)
    showTip(found, x, y)
  })
  board.addEventListener('pointerup', (event) => {
    const { x, y } = placeOf(event)
    const from = dragFrom
    dragFrom = undefined
    brush.hidden = true
    if (from === undefined) return
    if (Math.abs(from - x) >= 4) setSpan({ from: atOf(Math.min(from, x)), to: atOf(Math.max(from, x)) })
    else {
      const item = itemAt(x, y)?.item
      if (item !== undefined) onChoose(item)
    }
  })
  board.addEventListener('pointerleave', () => {
    pointAt(undefined)
    tip.hidden = true
  })
  board.addEventListener('dblclick', () => setSpan(first))
  board.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      zoom(event.deltaY > 0 ? 1.25 : 0.8, atOf(placeOf(event).x))
    },
    { passive: false },
  )
  board.addEventListener('keydown', (event) => {
    const act = keys[event.key]
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    act()
  })
  const keys: Readonly<Record<string, () => void>> = {
    '+': () => zoom(0.5),
    '=': () => zoom(0.5),
    '-': () => zoom(2),
    ArrowLeft: () => setSpan(moved(span, whole, -0.2)),
    ArrowRight: () => setSpan(moved(span, whole, 0.2)),
    '0': () => setSpan(first),
  }
  new ResizeObserver(() => {
    width = board.clientWidth
    draw()
  }).observe(board)

  return {
    element,
    span: () => span,
    setItems(items) {
      rows = laneRows(items, whole)
      draw()
    },
    point: pointAt,
    choose(item) {
      chosen = item
      draw()
    },
  }
}
