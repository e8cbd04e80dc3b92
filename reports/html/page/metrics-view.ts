// The figures of whole runs: how long machines take to be ready, how long attempts take and where, how busy the run was,
// what was slowest.

import type { PageAttempt, PageIndex, PageRun } from '../data.ts'
import { phaseNames } from './attempt-figures.ts'
import { area, histogram } from './charts.ts'
import { h, type Child } from './dom.ts'
import { routeText } from './route.ts'
import { count, duration, moment } from './words.ts'

/** The view: a section for each run. */
export function metricsView(index: PageIndex): HTMLElement {
  return h(
    'article',
    { class: 'metrics' },
    h('h1', { tabindex: -1 }, 'Metrics'),
    ...index.runs.map((run) => runSection(index, run)),
  )
}

function runSection(index: PageIndex, run: PageRun): HTMLElement {
  const attempts = run.cells.flatMap(({ a }) => a)
  const done = attempts.filter(({ o }) => o !== 'skipped')
  const ssh = (forked: boolean): readonly number[] =>
    done.flatMap((attempt) => ((attempt.fork === true) === forked ? (attempt.ssh ?? []) : []))
  const [cold, forked] = [ssh(false), ssh(true)]
  return h(
    'section',
    {},
    h('h2', {}, run.name),
    h(
      'p',
      { class: 'quiet' },
      `${count(run.cells.length, 'test')}, ${count(attempts.length, 'attempt')} in ${duration(run.durationMs)}, began ${moment(run.startedAt)}`,
    ),
    done.length > 0 && phaseShares(done),
    h(
      'div',
      { class: 'charts' },
      done.length > 1 &&
        histogram(
          done.map(({ ms }) => ms),
          'Attempts',
        ),
      cold.length > 1 && histogram(cold, 'Booted machines to SSH'),
      forked.length > 1 && histogram(forked, 'Forked machines to SSH', 'fork'),
      done.length > 1 &&
        area(
          busyOf(done, run.durationMs),
          `Attempts at the same time over the run: most ${Math.max(...busyOf(done, run.durationMs))}`,
        ),
    ),
    slowest(index, run),
  )
}

function phaseShares(attempts: readonly PageAttempt[]): HTMLElement {
  const sums = phaseNames.map((_, index) => attempts.reduce((sum, { ph }) => sum + (ph[index] ?? 0), 0))
  const total = Math.max(
    1,
    sums.reduce((sum, ms) => sum + ms, 0),
  )
  const parts: readonly Child[] = sums.map((ms, index) =>
    h('span', {
      class: `share p${index}`,
      style: { '--share': String(ms / total) },
      title: `${phaseNames[index]}: ${duration(ms)}`,
    }),
  )
  const legend = sums.map((ms, index) =>
    h(
      'li',
      {},
      h('span', { class: `dot p${index}`, aria: { hidden: true } }),
      `${phaseNames[index]} ${duration(ms)} (${Math.round((ms / total) * 100)} %)`,
    ),
  )
  return h(
    'figure',
    { class: 'shares' },
    h('figcaption', {}, 'Where the time of all attempts went'),
    h('div', { class: 'stack', aria: { hidden: true } }, ...parts),
    h('ul', { class: 'legend' }, ...legend),
  )
}

function busyOf(attempts: readonly PageAttempt[], durationMs: number): readonly number[] {
  const bins = 120
  const changes = Array.from({ length: bins + 1 }, () => 0)
  const step = Math.max(1, durationMs) / bins
  for (const { at, ms } of attempts) {
    const first = Math.max(0, Math.min(bins - 1, Math.floor(at / step)))
    const last = Math.max(first + 1, Math.min(bins, Math.ceil((at + ms) / step)))
    changes[first] = (changes[first] ?? 0) + 1
    changes[last] = (changes[last] ?? 0) - 1
  }
  let busy = 0
  return changes.slice(0, bins).map((change) => (busy += change))
}

function slowest(index: PageIndex, run: PageRun): HTMLElement {
  const cells = run.cells
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, 12)
    .filter(({ ms }) => ms > 0)
  const most = Math.max(1, cells[0]?.ms ?? 1)
  return h(
    'table',
    { class: 'slowest' },
    h('caption', {}, 'Slowest tests'),
    h(
      'tbody',
      {},
      ...cells.map(({ t, ms, a }) => {
        const name = index.tests[t]?.name ?? ''
        const n = a.at(-1)?.n ?? 1
        return h(
          'tr',
          {},
          h(
            'th',
            { attrs: { scope: 'row' } },
            h('a', { href: routeText({ view: 'attempt', at: { run: run.run, test: name, n } }) }, name),
          ),
          h(
            'td',
            {},
            h(
              'span',
              { class: 'meter' },
              h('span', { class: 'bar', style: { '--share': String(ms / most) } }),
              duration(ms),
            ),
          ),
        )
      }),
    ),
  )
}
