// The lanes of a timeline: one for each kind of thing, and for each machine where there are several.

import type { Lane, TimelineItem } from '../data.ts'
import { packRows, type Span } from './timeline-scale.ts'
import { lanes } from './words.ts'

export interface PlacedItem {
  readonly item: TimelineItem
  readonly row: number
  /** Where it ends in the picture: of what never ended, the end of everything. */
  readonly end: number
}

export interface LaneRow {
  readonly lane: Lane
  readonly name: string
  /** Bars and marks, or how many lines there are at a time. */
  readonly kind: 'bars' | 'marks' | 'density'
  readonly rows: number
  readonly items: readonly PlacedItem[]
}

const MOST_ROWS = 5

const kinds: Readonly<Record<Lane, LaneRow['kind']>> = {
  phase: 'bars',
  step: 'bars',
  fault: 'bars',
  command: 'bars',
  request: 'bars',
  machine: 'marks',
  subtest: 'bars',
  log: 'marks',
  journal: 'density',
  console: 'density',
}

/** The lanes that have items, in their order. */
export function laneRows(items: readonly TimelineItem[], whole: Span): readonly LaneRow[] {
  const groups = new Map<Lane, Map<string, TimelineItem[]>>()
  for (const item of items) {
    const ofLane = groups.get(item.lane) ?? new Map<string, TimelineItem[]>()
    groups.set(item.lane, ofLane)
    const machine = item.m ?? ''
    const own = ofLane.get(machine)
    if (own === undefined) ofLane.set(machine, [item])
    else own.push(item)
  }
  return lanes.flatMap(({ lane, name }) => {
    const machines = [...(groups.get(lane) ?? [])].toSorted(([a], [b]) =>
      a.localeCompare(b, 'en', { numeric: true }),
    )
    return machines.map(([machine, own]) =>
      laneRow(lane, machine === '' ? name : `${name} ${machine}`, own, whole),
    )
  })
}

function laneRow(lane: Lane, name: string, items: readonly TimelineItem[], whole: Span): LaneRow {
  const kind = kinds[lane]
  const spans = items.map((item) => ({ from: item.at, to: endOf(item, whole) }))
  const packed = kind !== 'bars' ? [] : lane === 'step' ? depthRows(items, spans) : packRows(spans, MOST_ROWS)
  const placed = items.map((item, index) => ({
    item,
    row: packed[index] ?? 0,
    end: spans[index]?.to ?? item.at,
  }))
  return { lane, name, kind, rows: 1 + Math.max(0, ...packed), items: placed }
}

/** What is inside of something stands below it. */
function depthRows(
  items: readonly TimelineItem[],
  spans: readonly { readonly from: number; readonly to: number }[],
): readonly number[] {
  const free = packRows(spans, MOST_ROWS)
  return items.map(({ depth = 0 }, index) => Math.min(MOST_ROWS - 1, Math.max(depth, free[index] ?? 0)))
}

function endOf(item: TimelineItem, whole: Span): number {
  return item.end === null ? whole.to : (item.end ?? item.at)
}
