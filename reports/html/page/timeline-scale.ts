// The window of time that is in sight, and its ticks. Pure.

export interface Span {
  readonly from: number
  readonly to: number
}

const SHORTEST_MS = 2

/** Zooms around a moment; `factor` below 1 goes closer. Stays within `whole`. */
export function zoomed(span: Span, whole: Span, around: number, factor: number): Span {
  const length = Math.max(SHORTEST_MS, (span.to - span.from) * factor)
  const share = (around - span.from) / Math.max(1e-9, span.to - span.from)
  return within({ from: around - length * share, to: around + length * (1 - share) }, whole)
}

/** Moves by a share of its length. */
export function moved(span: Span, whole: Span, share: number): Span {
  const by = (span.to - span.from) * share
  return within({ from: span.from + by, to: span.to + by }, whole)
}

/** As much of it as fits, of the same length where that fits. */
export function within(span: Span, whole: Span): Span {
  const length = Math.min(span.to - span.from, whole.to - whole.from)
  const from = Math.min(Math.max(span.from, whole.from), whole.to - length)
  return { from, to: from + length }
}

/** Round moments, at most about `most`, and the distance between them. */
export function ticksOf(
  { from, to }: Span,
  zero: number,
  most: number,
): { readonly step: number; readonly at: readonly number[] } {
  const wanted = Math.max(0.001, (to - from) / Math.max(1, most))
  const steps = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000,
    600_000, 1_800_000, 3_600_000,
  ]
  const step = steps.find((each) => each >= wanted) ?? Math.ceil(wanted / 3_600_000) * 3_600_000
  const at: number[] = []
  for (let tick = Math.ceil((from - zero) / step) * step + zero; tick <= to; tick += step) at.push(tick)
  return { step, at }
}

/** Rows for things that overlap: the row of each, in their order; what finds no row of `most` goes to the last. */
export function packRows(
  items: readonly { readonly from: number; readonly to: number }[],
  most: number,
): readonly number[] {
  const ends: number[] = []
  return items.map(({ from, to }) => {
    const free = ends.findIndex((end) => end <= from)
    const row = free !== -1 ? free : ends.length < most ? ends.length : most - 1
    ends[row] = Math.max(ends[row] ?? Number.NEGATIVE_INFINITY, to)
    return row
  })
}

/** How many things begin in each of `bins` equal parts of the span. */
export function binned<T extends { readonly at: number }>(
  items: readonly T[],
  { from, to }: Span,
  bins: number,
): readonly (readonly T[])[] {
  const found: T[][] = Array.from({ length: bins }, () => [])
  const width = (to - from) / bins
  for (const item of items) {
    if (item.at < from || item.at > to) continue
    found[Math.min(bins - 1, Math.floor((item.at - from) / width))]?.push(item)
  }
  return found
}
