// Timeline items in columns: half the size of a list of objects once they are compressed, and read in no time. Times are
// whole milliseconds. Pure; the page and what writes it share it.

import type { Lane, TimelineItem } from '../data.ts'

/** Items in columns, one sign or entry an item. */
export interface PackedItems {
  /** Lanes. */
  readonly l: string
  /** Beginnings, each as the distance from the one before. */
  readonly t: readonly number[]
  /** How long it took; -1: a moment, -2: it never ended. */
  readonly d: readonly number[]
  readonly s: string
  /** Place of the machine's name in `n`, in base 36; `-`: none. Machines beyond 36 are one. */
  readonly m: string
  readonly n: readonly string[]
  /** Depths, where there is one. */
  readonly p?: string
  /** Which times are not known, where there is one. */
  readonly b?: string
  /** Titles. */
  readonly x: readonly string[]
  /** Texts, by the number of their item. */
  readonly y: readonly (readonly [number, string])[]
}

const LANES: Readonly<Record<Lane, string>> = {
  phase: 'p',
  step: 's',
  fault: 'f',
  command: 'c',
  request: 'r',
  machine: 'm',
  subtest: 't',
  log: 'l',
  journal: 'j',
  console: 'k',
}
const STATES = { ok: 'o', failed: 'f', warned: 'w', skipped: 's' } as const
const lanesBySign = new Map(Object.entries(LANES).map(([lane, sign]) => [sign, lane as Lane]))
const statesBySign = new Map<string, TimelineItem['state']>(
  Object.entries(STATES).map(([state, sign]) => [sign, state as keyof typeof STATES]),
)

/** Items in the order of their beginnings -> columns. */
export function packItems(items: readonly TimelineItem[]): PackedItems {
  const names = [...new Set(items.flatMap(({ m }) => m ?? []))]
  let before = 0
  const beginnings = items.map(({ at }) => {
    const distance = Math.round(at) - before
    before += distance
    return distance
  })
  const columns = {
    l: items.map(({ lane }) => LANES[lane]).join(''),
    t: beginnings,
    d: items.map(({ at, end }) =>
      end === undefined ? -1 : end === null ? -2 : Math.max(0, Math.round(end) - Math.round(at)),
    ),
    s: items.map(({ state }) => (state === undefined ? '-' : STATES[state])).join(''),
    m: items.map(({ m }) => (m === undefined ? '-' : Math.min(35, names.indexOf(m)).toString(36))).join(''),
    n: names,
    x: items.map(({ title }) => title),
    y: items.flatMap(({ text }, index) => (text === undefined ? [] : [[index, text] as const])),
  }
  const depths = items.map(({ depth = 0 }) => Math.min(35, depth).toString(36)).join('')
  const about = items.map((item) => (item.about === true ? '1' : '0')).join('')
  return {
    ...columns,
    ...(/[^0]/.test(depths) ? { p: depths } : {}),
    ...(about.includes('1') ? { b: about } : {}),
  }
}

/** Columns -> items. */
export function unpackItems(packed: PackedItems): readonly TimelineItem[] {
  const { l, t, d, s, m, n, p, b, x, y } = packed
  const texts = new Map(y)
  let at = 0
  return x.map((title, index): TimelineItem => {
    at += t[index] ?? 0
    const took = d[index] ?? -1
    const state = statesBySign.get(s[index] ?? '')
    const machine = n[Number.parseInt(m[index] ?? '', 36)]
    const depth = Number.parseInt(p?.[index] ?? '0', 36)
    const text = texts.get(index)
    return {
      lane: lanesBySign.get(l[index] ?? '') ?? 'log',
      at,
      ...(took === -1 ? {} : { end: took === -2 ? null : at + took }),
      title,
      ...(state === undefined ? {} : { state }),
      ...(machine === undefined ? {} : { m: machine }),
      ...(depth === 0 ? {} : { depth }),
      ...(text === undefined ? {} : { text }),
      ...(b?.[index] === '1' ? { about: true as const } : {}),
    }
  })
}
