// How a test went day by day, as pictures: the pass rate with its interval, and how long it took. The table beside them says
// the same.

import type { TrendPoint } from '../../../serve/data.ts'
import { h, s } from '../dom.ts'
import { count, duration } from '../words.ts'
import { percent } from './marks.ts'

const WIDTH = 720
const HEIGHT = 150
const LEFT = 64
const BOTTOM = 22

const DAY_MS = 86_400_000
const dayOf = (day: string): number => Date.parse(`${day}T00:00:00Z`)

/** Where days are on the axis: the first and the last one there is, at least a week. */
function startScale(points: readonly TrendPoint[]): (day: string) => number {
  const days = points.map(({ day }) => dayOf(day))
  const last = Math.max(...days)
  const first = Math.min(last - 7 * DAY_MS, ...days)
  return (day) => LEFT + 8 + ((dayOf(day) - first) / (last - first)) * (WIDTH - LEFT - 50)
}

/** The pass rate of each day: a point with the interval in which the true rate lies. */
export function rateChart(points: readonly TrendPoint[]): HTMLElement {
  const x = startScale(points)
  const y = (share: number): number => 8 + (1 - share) * (HEIGHT - BOTTOM - 16)
  const judged = points.filter(({ rate }) => rate !== undefined)
  const words = `Pass rate day by day, with its 95 % interval: ${count(judged.length, 'day')}`
  return chart(
    words,
    ...[0, 0.5, 1].map((share) => gridLine(y(share), `${share * 100} %`)),
    s('path', {
      class: 'rate-line',
      d: judged
        .map(
          ({ day, rate }, at) =>
            `${at === 0 ? 'M' : 'L'}${x(day).toFixed(1)} ${y(rate?.rate ?? 0).toFixed(1)}`,
        )
        .join(''),
    }),
    ...judged.flatMap(({ day, rate, failed, flaky }) =>
      rate === undefined
        ? []
        : s(
            'g',
            { class: failed > 0 ? 'failed' : flaky > 0 ? 'flaky' : 'passed' },
            s(
              'title',
              {},
              `${day}: ${percent(rate.rate)} % (${percent(rate.low)} to ${percent(rate.high)} %)`,
            ),
            s('rect', {
              class: 'interval',
              x: x(day) - 3,
              width: 6,
              y: y(rate.high),
              height: Math.max(1, y(rate.low) - y(rate.high)),
              rx: 3,
            }),
            s('circle', { class: 'point', cx: x(day), cy: y(rate.rate), r: 4 }),
          ),
    ),
    ...dayLabels(points, x),
  )
}

/** How long the attempts took that passed: the mean of each day. */
export function durationChart(points: readonly TrendPoint[]): HTMLElement {
  const x = startScale(points)
  const timed = points.flatMap(({ day, durationMs }) =>
    durationMs === undefined ? [] : [{ day, durationMs }],
  )
  const most = roundUp(Math.max(1, ...timed.map(({ durationMs }) => durationMs)))
  const y = (ms: number): number => 8 + (1 - ms / most) * (HEIGHT - BOTTOM - 16)
  const longest = timed.toSorted((a, b) => b.durationMs - a.durationMs)[0]
  const words =
    longest === undefined
      ? 'Duration day by day: it never passed'
      : `Duration day by day, mean of the attempts that passed: most ${duration(longest.durationMs)}`
  return chart(
    words,
    ...[0, most / 2, most].map((ms) => gridLine(y(ms), duration(ms))),
    s('path', {
      class: 'time-line',
      d: timed
        .map(
          ({ day, durationMs }, at) =>
            `${at === 0 ? 'M' : 'L'}${x(day).toFixed(1)} ${y(durationMs).toFixed(1)}`,
        )
        .join(''),
    }),
    ...timed.map(({ day, durationMs }) =>
      s(
        'g',
        {},
        s('title', {}, `${day}: ${duration(durationMs)}`),
        s('circle', { class: 'time-point', cx: x(day), cy: y(durationMs), r: 3.5 }),
      ),
    ),
    ...dayLabels(points, x),
  )
}

function chart(words: string, ...parts: readonly SVGElement[]): HTMLElement {
  return h(
    'figure',
    { class: 'chart trend' },
    h('figcaption', {}, words),
    s('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': words }, ...parts),
  )
}

function gridLine(y: number, text: string): SVGElement {
  return s(
    'g',
    { class: 'grid' },
    s('line', { x1: LEFT, x2: WIDTH - 6, y1: y, y2: y }),
    s('text', { x: LEFT - 6, y: y + 4, 'text-anchor': 'end' }, text),
  )
}

function dayLabels(points: readonly TrendPoint[], x: (day: string) => number): readonly SVGElement[] {
  let last = Number.NEGATIVE_INFINITY
  return points.flatMap(({ day }) => {
    const at = x(day)
    if (at - last < 80) return []
    last = at
    return s('text', { x: at, y: HEIGHT - 4, 'text-anchor': 'middle' }, day)
  })
}

/** Round numbers for an axis of time, in seconds. */
const ROUND = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 4, 10, 20, 40, 60, 120, 240, 600, 1200, 2400, 3600, 7200,
]

function roundUp(ms: number): number {
  return (ROUND.find((seconds) => seconds * 1000 >= ms) ?? ms / 1000) * 1000
}
