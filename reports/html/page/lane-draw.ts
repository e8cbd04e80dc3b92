// Draws one lane. What is narrower than a pixel is drawn with its neighbours as one.

import type { TimelineItem } from '../data.ts'
import { s } from './dom.ts'
import type { LaneRow, PlacedItem } from './lane-rows.ts'
import { binned, type Span } from './timeline-scale.ts'
import { clock, count, duration } from './words.ts'

export const LABEL_WIDTH = 132
const BAR = 20
const GAP = 3
const DENSITY = 34

/** Something that was drawn, to be found under the pointer. */
export interface Drawn {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly item: TimelineItem
  readonly title: string
  more(zero: number): string
}

interface DrawOptions {
  readonly y: number
  readonly width: number
  readonly span: Span
  readonly xOf: (at: number) => number
  readonly chosen: TimelineItem | undefined
  readonly odd: boolean
}

export interface DrawnLane {
  readonly element: { readonly back: SVGElement; readonly front: SVGElement }
  readonly drawn: readonly Drawn[]
}

/** Whether it has anything between these moments. */
export function isBetween({ items }: LaneRow, { from, to }: Span): boolean {
  return items.some(({ item, end }) => end >= from && item.at <= to)
}

export function laneHeight({ kind, rows }: LaneRow): number {
  return kind === 'density' ? DENSITY : rows * (BAR + GAP) + GAP + 2
}

/** The lane at its place. */
export function drawLane(row: LaneRow, options: DrawOptions): DrawnLane {
  const { y, width, odd } = options
  const height = laneHeight(row)
  const drawn: Drawn[] = []
  const front = s('g', { class: `lane ${row.lane}` })
  if (row.kind === 'density') drawDensity(row, options, front, drawn)
  else drawBars(row, options, front, drawn)
  // Over what reaches in from the left of the window.
  front.append(
    s('rect', { class: 'label-back', x: 0, y, width: LABEL_WIDTH, height }),
    s('text', { class: 'label', x: 10, y: y + Math.min(height / 2, 15) + 4 }, cut(row.name, 17)),
  )
  const back = s('rect', { class: odd ? 'lane-back odd' : 'lane-back', x: 0, y, width, height })
  return { element: { back, front }, drawn }
}

function drawBars(
  row: LaneRow,
  { y, span, xOf, chosen, width }: DrawOptions,
  group: SVGElement,
  drawn: Drawn[],
): void {
  /** Where the last bar of a row ends, and whether it was a small one. */
  const ends = new Map<number, number>()
  const visible = row.items.filter(({ item, end }) => end >= span.from && item.at <= span.to)
  for (const [index, placed] of visible.entries()) {
    const { item, end } = placed
    const x = Math.max(LABEL_WIDTH - 4, xOf(item.at))
    const right = Math.min(width + 4, xOf(end))
    const barWidth = Math.max(row.kind === 'marks' ? 3 : 2, right - x)
    const top = y + GAP + placed.row * (BAR + GAP)
    const isPlain = item.state !== 'failed' && item !== chosen
    if (isPlain && barWidth <= 2 && x - (ends.get(placed.row) ?? -9) < 1) continue
    ends.set(placed.row, x + barWidth)
    const state = item.end === null ? 'open' : (item.state ?? 'none')
    const name = `item ${state}${item === chosen ? ' chosen' : ''}`
    group.append(
      row.kind === 'marks'
        ? s('path', { class: name, d: `M${x} ${top + 2}l5 7l-5 7l-5 -7z` })
        : s('rect', { class: name, x, y: top, width: barWidth, height: BAR, rx: Math.min(3, barWidth / 2) }),
    )
    drawn.push({
      x: row.kind === 'marks' ? x - 5 : x,
      y: top,
      width: barWidth,
      height: BAR,
      item,
      title: item.title,
      more: (zero) => moreOf(placed, zero),
    })
    const room = roomFor(row, visible, index, x, barWidth, xOf, width)
    const text = cut(item.title, Math.floor(room / 6.6))
    if (text.length > 2)
      group.append(
        s(
          'text',
          { class: `bar-text ${row.kind}`, x: x + (row.kind === 'marks' ? 9 : 6), y: top + 14 },
          text,
        ),
      )
  }
}

/** How long a text may be: within its bar, or for a mark up to the next one. */
function roomFor(
  row: LaneRow,
  visible: readonly PlacedItem[],
  index: number,
  x: number,
  barWidth: number,
  xOf: (at: number) => number,
  width: number,
): number {
  if (row.kind !== 'marks') return barWidth - 10
  const next = visible[index + 1]
  return (next === undefined ? width : xOf(next.item.at)) - x - 16
}

function drawDensity(
  row: LaneRow,
  { y, span, xOf, width, chosen }: DrawOptions,
  group: SVGElement,
  drawn: Drawn[],
): void {
  const step = 4
  const bins = Math.max(1, Math.floor((width - LABEL_WIDTH - 8) / step))
  const items = row.items.map(({ item }) => item)
  const binsOf = binned(items, span, bins)
  const most = Math.max(1, ...binsOf.map((bin) => bin.length))
  for (const [index, bin] of binsOf.entries()) {
    const first = bin[0]
    if (first === undefined) continue
    const worst =
      bin.find(({ state }) => state === 'failed') ?? bin.find(({ state }) => state === 'warned') ?? first
    const x = xOf(span.from) + index * step
    const tall = 4 + (Math.log1p(bin.length) / Math.log1p(most)) * (DENSITY - 10)
    const isChosen = chosen !== undefined && bin.includes(chosen)
    const name = `line ${worst.state ?? 'none'}${isChosen ? ' chosen' : ''}`
    group.append(s('rect', { class: name, x, y: y + DENSITY - 3 - tall, width: step - 1, height: tall }))
    drawn.push({
      x,
      y,
      width: step - 1,
      height: DENSITY,
      item: worst,
      title: cut(worst.title, 160),
      more: (zero) => `${count(bin.length, 'line')} at ${clock(first.at - zero)}`,
    })
  }
}

function moreOf({ item }: PlacedItem, zero: number): string {
  const { at, end, m, state } = item
  const parts = [
    end === undefined ? '' : end === null ? 'never ended' : duration(end - at),
    `at ${clock(at - zero)}`,
    m ?? '',
    state === undefined || state === 'ok' ? '' : state,
  ]
  return parts.filter((part) => part !== '').join(' · ')
}

function cut(text: string, max: number): string {
  return text.length <= max ? text : max < 2 ? '' : `${text.slice(0, max - 1)}…`
}
