// All tests with their rates, the least reliable first; filtered as one types.

import type { TestRow, TestsPage } from '../../../serve/data.ts'
import { copyable } from '../copyable.ts'
import { fill, h } from '../dom.ts'
import { count, duration } from '../words.ts'
import { rateBar } from './marks.ts'
import { emptyState, tableOf } from './tables.ts'

/** The view. */
export function testListView({ tests, days, more }: TestsPage): HTMLElement {
  if (tests.length === 0)
    return h(
      'article',
      {},
      h('h1', { tabindex: -1 }, 'Tests'),
      emptyState(
        `The history knows no test of the last ${days} days. Bring runs there:`,
        copyable('signalbox history import signalbox-results'),
      ),
    )
  const list = h('div', {})
  const result = h('p', { class: 'quiet', role: 'status' })
  const input = h('input', {
    id: 'filter',
    attrs: { type: 'search', autocomplete: 'off', spellcheck: 'false', placeholder: 'part of a name' },
    on: { input: () => update() },
  })
  const update = (): void => {
    const wanted = input.value.trim().toLowerCase()
    const shown = tests.filter(({ name }) => name.toLowerCase().includes(wanted))
    fill(list, shown.length > 0 && table(shown))
    fill(
      result,
      shown.length === tests.length
        ? `${count(tests.length, 'test')}${more > 0 ? ` of ${(tests.length + more).toLocaleString('en')}` : ''}`
        : `${shown.length} of ${count(tests.length, 'test')}`,
    )
  }
  update()
  return h(
    'article',
    {},
    h('h1', { tabindex: -1 }, `Tests of the last ${days} days`),
    h(
      'p',
      { class: 'quiet' },
      'First those that surely pass least often: by the upper end of the 95 % interval of their rate.',
    ),
    h(
      'div',
      { class: 'filter' },
      h(
        'div',
        { class: 'search' },
        h('label', { class: 'unseen', attrs: { for: 'filter' } }, 'Filter tests'),
        input,
      ),
      result,
    ),
    list,
  )
}

function table(tests: readonly TestRow[]): HTMLElement {
  return tableOf(
    'Tests',
    ['Test', 'Pass rate, 95 % interval, of attempts', 'Took', 'Failed', 'Flaky', 'Flake rank', 'Infra'],
    tests.map(({ name, href, rate, durationMs, failed, flaky, flakeRank, infra }) => [
      h('a', { href }, name),
      rate === undefined ? h('span', { class: 'quiet' }, 'not judged') : rateBar(rate),
      durationMs === undefined ? '' : duration(durationMs),
      amount(failed, 'failed'),
      amount(flaky, 'flaky'),
      flakeRank === undefined ? '' : `#${flakeRank}`,
      amount(infra, 'infra'),
    ]),
    [2, 3, 4, 5, 6],
  )
}

function amount(number: number, tone: string): HTMLElement {
  return h('span', { class: number === 0 ? 'quiet' : `count ${tone}` }, number.toLocaleString('en'))
}
