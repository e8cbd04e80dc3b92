// The figures of one attempt beside those of the other attempts on its target.

import type { AttemptDetail, PageIndex } from '../data.ts'
import { medianOf, strip } from './charts.ts'
import { h } from './dom.ts'
import type { Found } from './store.ts'
import { duration, valueText } from './words.ts'

export const phaseNames: readonly string[] = ['acquire', 'ready', 'body', 'collect', 'checks', 'teardown']

const beginnings = { cold: 'booted', initrd: 'began in its initrd', fork: 'forked' } as const

/** A table with a small chart in each row. */
export function attemptFigures(
  _: PageIndex,
  { run, attempt, test }: Found,
  detail: AttemptDetail,
): HTMLElement {
  const others = run.cells.flatMap(({ a }) => a).filter((other) => other !== attempt && other.o !== 'skipped')
  const rows = [
    rowOf(
      'whole attempt',
      attempt.ms,
      others.map(({ ms }) => ms),
    ),
    attempt.ssh !== undefined &&
      rowOf(
        'machine to SSH',
        attempt.ssh,
        others.flatMap(({ ssh }) => ssh ?? []),
      ),
    ...phaseNames.map((name, index) => {
      const value = attempt.ph[index]
      if (value === undefined || value === null) return false
      return rowOf(
        name,
        value,
        others.flatMap(({ ph }) => ph[index] ?? []),
      )
    }),
  ]
  return h(
    'div',
    { class: 'figures' },
    h(
      'table',
      { aria: { label: `Figures of ${test.name}` } },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ...['Figure', 'Here', 'Median', 'Among the other attempts on this target'].map((name) =>
            h('th', { attrs: { scope: 'col' } }, name),
          ),
        ),
      ),
      h('tbody', {}, ...rows),
    ),
    detail.metrics.length > 0 &&
      h(
        'table',
        { class: 'machine', aria: { label: `Metrics of ${test.name}` } },
        h('caption', {}, 'Metrics'),
        h(
          'tbody',
          {},
          ...detail.metrics.map(({ name, value, unit, m }) =>
            pair(m === undefined ? name : `${name} (${m})`, valueText(value, unit)),
          ),
        ),
      ),
    ...detail.machines.map((machine) =>
      h(
        'table',
        { class: 'machine', aria: { label: `Machine ${machine.name}` } },
        h('caption', {}, `${machine.name}: ${beginnings[machine.origin]} on ${machine.platform}`),
        h(
          'tbody',
          {},
          ...machine.milestones.map(([name, ms]) => pair(name, `after ${duration(ms)}`)),
          ...machine.facts.map(([name, value]) => pair(name, value)),
        ),
      ),
    ),
  )
}

function rowOf(name: string, value: number, others: readonly number[]): HTMLElement {
  const sorted = others.toSorted((a, b) => a - b)
  const middle = medianOf(sorted)
  const slower = sorted.filter((other) => other > value).length
  const words =
    sorted.length === 0
      ? 'no others'
      : `${sorted.length - slower} of ${sorted.length} others were as fast or faster`
  return h(
    'tr',
    {},
    h('th', { attrs: { scope: 'row' } }, name),
    h('td', { class: 'number' }, duration(value)),
    h('td', { class: 'number' }, middle === undefined ? '' : duration(middle)),
    h('td', { title: words }, sorted.length === 0 ? words : strip(value, sorted, `${name}: ${words}`)),
  )
}

/** A row of a name and a value. */
export function pair(name: string, value: string): HTMLElement {
  return h('tr', {}, h('th', { attrs: { scope: 'row' } }, name), h('td', {}, value))
}
