// Small charts: strips of dots, histograms, stacked bars. Each says in words what it shows.

import { h, s } from './dom.ts'
import { duration } from './words.ts'

/** Where one value stands among others, from 0 to the largest. */
export function strip(value: number, others: readonly number[], label: string): SVGElement {
  const width = 220
  const sorted = others.toSorted((a, b) => a - b)
  // One value far out must not press the others together.
  const high = Math.max(1, value, (sorted[Math.floor(sorted.length * 0.98)] ?? 0) * 1.05)
  const x = (ms: number): number => 4 + (Math.min(ms, high) / high) * (width - 8)
  const every = Math.max(1, Math.floor(sorted.length / 150))
  const middle = medianOf(sorted)
  return s(
    'svg',
    { class: 'strip', width, height: 18, viewBox: `0 0 ${width} 18`, role: 'img', 'aria-label': label },
    s('line', { class: 'axis', x1: 0, x2: width, y1: 9, y2: 9 }),
    ...sorted
      .filter((_, index) => index % every === 0)
      .map((ms) => s('circle', { class: 'dot', cx: x(ms), cy: 9, r: 2.5 })),
    middle !== undefined && s('line', { class: 'middle', x1: x(middle), x2: x(middle), y1: 2, y2: 16 }),
    s('path', { class: 'own', d: `M${x(value)} 9m-5 0l5 -6l5 6l-5 6z` }),
  )
}

/** How many values are how large. */
export function histogram(values: readonly number[], what: string, tone = ''): HTMLElement {
  const sorted = values.toSorted((a, b) => a - b)
  const high = Math.max(1, (sorted[Math.floor(sorted.length * 0.99)] ?? 1) * 1.02)
  const bins = 40
  const numbers = Array.from({ length: bins }, () => 0)
  for (const value of sorted) {
    const bin = Math.min(bins - 1, Math.floor((value / high) * bins))
    numbers[bin] = (numbers[bin] ?? 0) + 1
  }
  const most = Math.max(1, ...numbers)
  const [width, height] = [480, 90]
  const step = width / bins
  const middle = medianOf(sorted) ?? 0
  const words = `${what}: median ${duration(middle)}, 95 % under ${duration(sorted[Math.floor(sorted.length * 0.95)] ?? 0)}, most ${duration(sorted.at(-1) ?? 0)}`
  return h(
    'figure',
    { class: `chart ${tone}` },
    h('figcaption', {}, words),
    s(
      'svg',
      { viewBox: `0 0 ${width} ${height + 16}`, role: 'img', 'aria-label': words },
      ...numbers.map((number, index) =>
        s('rect', {
          x: index * step,
          width: step - 1.5,
          y: height - (number / most) * height,
          height: (number / most) * height,
          rx: 1.5,
        }),
      ),
      s('line', {
        class: 'middle',
        x1: (middle / high) * width,
        x2: (middle / high) * width,
        y1: 0,
        y2: height,
      }),
      s('text', { x: 0, y: height + 13 }, '0'),
      s('text', { x: width, y: height + 13, 'text-anchor': 'end' }, duration(high)),
    ),
  )
}

/** A value over the time of a run, as an area. */
export function area(values: readonly number[], words: string): HTMLElement {
  const [width, height] = [480, 90]
  const most = Math.max(1, ...values)
  const step = width / Math.max(1, values.length)
  const points = values.map(
    (value, index) =>
      `L${(index * step).toFixed(1)} ${(height - (value / most) * height).toFixed(1)}h${step.toFixed(2)}`,
  )
  return h(
    'figure',
    { class: 'chart' },
    h('figcaption', {}, words),
    s(
      'svg',
      { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': words },
      s('path', { class: 'area', d: `M0 ${height}${points.join('')}V${height}z` }),
    ),
  )
}

/** Of sorted numbers. */
export function medianOf(sorted: readonly number[]): number | undefined {
  return sorted[Math.floor(sorted.length / 2)]
}
