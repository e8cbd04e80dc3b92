// Where two attempts part: steps and commands side by side, and lines of logs that only one of them has. Numbers,
// addresses and identifiers differ from run to run and count as the same. Pure.

import type { TimelineItem } from '../data.ts'

export interface Pair {
  readonly kind: 'same' | 'changed' | 'only-left' | 'only-right'
  readonly left?: TimelineItem
  readonly right?: TimelineItem
}

/** Titles without what is another one every time. */
export function normalised(text: string): string {
  return text
    .replaceAll(/\b[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/gi, '#')
    .replaceAll(/\b(?:0x)?[\da-f]{6,}\b/gi, '#')
    .replaceAll(/\d+(?:[.:]\d+)*/g, '#')
}

const MOST = 1500

/** What a test does, in order: phases, steps, faults, commands and subtests of both, as pairs. */
export function alignItems(left: readonly TimelineItem[], right: readonly TimelineItem[]): readonly Pair[] {
  const [a, b] = [left.filter(isDone).slice(0, MOST), right.filter(isDone).slice(0, MOST)]
  const keys = [a.map(keyOf), b.map(keyOf)] as const
  const lengths = commonLengths(keys[0], keys[1])
  const pairs: Pair[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [one, other] = [a[i], b[j]]
    if (one !== undefined && other !== undefined && keys[0][i] === keys[1][j]) {
      pairs.push({ kind: isAlike(one, other) ? 'same' : 'changed', left: one, right: other })
      i += 1
      j += 1
    } else if (
      other === undefined ||
      (one !== undefined && (lengths[i + 1]?.[j] ?? 0) >= (lengths[i]?.[j + 1] ?? 0))
    ) {
      if (one !== undefined) pairs.push({ kind: 'only-left', left: one })
      i += 1
    } else {
      pairs.push({ kind: 'only-right', right: other })
      j += 1
    }
  }
  return pairs
}

/**
 * The pair that differs first, or undefined: the one that ended first, since what goes wrong inside of a step makes the
 * step and the phase around it differ too. `zeros` are when the attempts began.
 */
export function firstDifference(
  pairs: readonly Pair[],
  zeros: { readonly left: number; readonly right: number },
): Pair | undefined {
  const endOf = ({ left, right }: Pair): number =>
    left === undefined ? ended(right) - zeros.right : ended(left) - zeros.left
  return pairs.filter(({ kind }) => kind !== 'same').toSorted((a, b) => endOf(a) - endOf(b))[0]
}

/** What never ended did so last. */
function ended(item: TimelineItem | undefined): number {
  if (item === undefined || item.end === null) return Number.MAX_SAFE_INTEGER
  return item.end ?? item.at
}

/** Lines of consoles and journals that the other attempt does not have, each kind of line once. */
export function linesOnlyIn(
  own: readonly TimelineItem[],
  other: readonly TimelineItem[],
): readonly TimelineItem[] {
  const known = new Set(other.filter(isLogLine).map(({ title }) => normalised(title)))
  const found: TimelineItem[] = []
  for (const item of own) {
    if (!isLogLine(item)) continue
    const key = normalised(item.title)
    if (known.has(key)) continue
    known.add(key)
    found.push(item)
  }
  return found
}

function isDone({ lane }: TimelineItem): boolean {
  return lane === 'phase' || lane === 'step' || lane === 'fault' || lane === 'command' || lane === 'subtest'
}

function isLogLine({ lane }: TimelineItem): boolean {
  return lane === 'journal' || lane === 'console'
}

function keyOf({ lane, title, m = '' }: TimelineItem): string {
  return `${lane} ${m} ${normalised(title)}`
}

function isAlike(one: TimelineItem, other: TimelineItem): boolean {
  return (
    (one.state ?? 'ok') === (other.state ?? 'ok') &&
    (one.end === null) === (other.end === null) &&
    normalised(one.text ?? '') === normalised(other.text ?? '')
  )
}

/** How long the longest common part of the rests is, for each pair of places. */
function commonLengths(a: readonly string[], b: readonly string[]): readonly Uint16Array[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i -= 1) {
    const [row, next] = [lengths[i], lengths[i + 1]]
    if (row === undefined || next === undefined) continue
    for (let j = b.length - 1; j >= 0; j -= 1)
      row[j] = a[i] === b[j] ? (next[j + 1] ?? 0) + 1 : Math.max(next[j] ?? 0, row[j + 1] ?? 0)
  }
  return lengths
}
