// What has to do with where a test ran, above the matrix; and what ran nowhere. Each leads to the rows that it is about.

import type { PageFinding, PageIndex } from '../data.ts'
import { h } from './dom.ts'
import { termOf } from './query.ts'
import { routeText, type Order } from './route.ts'
import { count, signOf } from './words.ts'

const SHOWN = 6
const NAMES_SHOWN = 6

/** Nothing where there is nothing to say. */
export function findingList(index: PageIndex): HTMLElement | undefined {
  const { findings, nowhere } = index
  if (findings.length + nowhere.length === 0) return undefined
  const items = findings.map((finding) => findingItem(finding, index))
  const rest = items.slice(SHOWN)
  return h(
    'section',
    { class: 'findings', aria: { label: 'By target' } },
    items.length > 0 && h('ul', {}, ...items.slice(0, SHOWN)),
    rest.length > 0 &&
      h('details', {}, h('summary', {}, `${rest.length} more by target`), h('ul', {}, ...rest)),
    nowhere.length > 0 && nowhereList(index),
  )
}

function findingItem({ verdict, text, tests }: PageFinding, { tests: all }: PageIndex): HTMLElement {
  const names = tests.map((test) => all[test]?.name ?? '')
  const links = names.slice(0, NAMES_SHOWN).flatMap((name, at) => [at > 0 && ', ', testLink(name)])
  const more = names.length - NAMES_SHOWN
  return h(
    'li',
    { class: verdict },
    h('span', { class: `sign ${verdict}`, aria: { hidden: true } }, signOf(verdict)),
    h('span', {}, ...links, more > 0 && ` and ${more} more`, ' ', h('b', {}, text)),
  )
}

function nowhereList({ nowhere, tests, runs }: PageIndex): HTMLElement {
  const verb = nowhere.length === 1 ? 'runs' : 'run'
  return h(
    'details',
    { class: 'nowhere' },
    h('summary', {}, `${count(nowhere.length, 'test')} ${verb} on none of these ${runs.length} targets`),
    h(
      'ul',
      {},
      ...nowhere.slice(0, 500).map(({ t, reasons }) => {
        const name = tests[t]?.name ?? ''
        return h(
          'li',
          {},
          h('span', {}, testLink(name), h('span', { class: 'quiet' }, ` ${reasons.join('; ')}`)),
        )
      }),
    ),
  )
}

/** To its row alone, or those of tests that are named alike. */
function testLink(name: string): HTMLElement {
  const order: Order = 'worst'
  return h('a', { href: routeText({ view: 'tests', query: termOf('', name), order }) }, name)
}
