// From an attempt to the others of its test.

import { h } from './dom.ts'
import { routeText } from './route.ts'
import type { Found, Store } from './store.ts'
import { duration, signOf } from './words.ts'

/** The attempts of the test on this target, when there are several. */
export function attemptTabs({ run, test, cell, attempt, baseline }: Found): HTMLElement | undefined {
  if (cell.a.length < 2 || baseline !== undefined) return undefined
  return h(
    'nav',
    { class: 'tabs', aria: { label: 'Attempts' } },
    ...cell.a.map((each) =>
      h(
        'a',
        {
          class: `tab ${each.o}`,
          href: routeText({ view: 'attempt', at: { run: run.run, test: test.name, n: each.n } }),
          aria: each === attempt ? { current: 'page' } : {},
        },
        h('span', { class: `sign ${each.o}`, aria: { hidden: true } }, signOf(each.o)),
        ` ${each.kind === 'audit' ? 'Audit' : 'Attempt'} ${each.n}`,
        h('span', { class: 'quiet' }, ` ${each.o}, ${duration(each.ms)}`),
      ),
    ),
  )
}

/** The same test on the other targets. */
export function otherTargets({ index }: Store, { run, test }: Found): HTMLElement | undefined {
  const others = index.runs.flatMap((other) => {
    const cell = other === run ? undefined : other.cells.find(({ t }) => index.tests[t] === test)
    const last = cell?.a.at(-1)
    return cell === undefined || last === undefined ? [] : [{ other, cell, last }]
  })
  if (others.length === 0) return undefined
  return h(
    'nav',
    { class: 'others', aria: { label: 'Other targets' } },
    h('span', { class: 'quiet' }, 'Also on'),
    ...others.map(({ other, cell, last }) =>
      h(
        'a',
        {
          class: `chip ${cell.v}`,
          href: routeText({ view: 'attempt', at: { run: other.run, test: test.name, n: last.n } }),
          title: cell.v,
        },
        h('span', { class: 'sign', aria: { hidden: true } }, signOf(cell.v)),
        other.name,
      ),
    ),
  )
}
