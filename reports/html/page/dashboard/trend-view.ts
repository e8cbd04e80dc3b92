// How one test went: rate, duration, flakes, the latest failures and attempts.

import type { Choice, TrendPage } from '../../../serve/data.ts'
import { copyable } from '../copyable.ts'
import { h, type Child } from '../dom.ts'
import { count, duration, moment } from '../words.ts'
import { markOf, percent, rateBar, rateText } from './marks.ts'
import { emptyState, tableOf } from './tables.ts'
import { durationChart, rateChart } from './trend-charts.ts'

/** The view. */
export function trendView(page: TrendPage): HTMLElement {
  const { test, days, trend, failures, attempts } = page
  const head = [
    h('nav', { class: 'back', aria: { label: 'Back' } }, h('a', { href: '/tests' }, '← Tests')),
    h('h1', { tabindex: -1 }, test),
    choices('Span', page.spans),
    page.targets.length > 2 || page.targets[0]?.href !== undefined
      ? choices('Target', page.targets)
      : undefined,
  ]
  if (trend.length === 0)
    return h(
      'article',
      {},
      ...head,
      emptyState(
        `The history knows no attempt of it in the last ${days} days. Bring runs there:`,
        copyable('signalbox history import signalbox-results'),
      ),
    )
  return h(
    'article',
    { class: 'trend-page' },
    ...head,
    h('div', { class: 'cards' }, ...cards(page)),
    h('div', { class: 'charts' }, rateChart(trend), durationChart(trend)),
    h('details', {}, h('summary', {}, 'The same as a table'), dayTable(page)),
    failures.length > 0 && h('h2', {}, 'Latest failures'),
    failures.length > 0 && failureTable(page),
    h('h2', {}, 'Latest attempts'),
    tableOf(
      'Latest attempts',
      ['Began', 'Outcome', 'Target', 'Version', 'Took', 'Failure'],
      attempts.map(({ at, href, outcome, target, version, durationMs, n, message, fingerprint }) => [
        h('a', { href }, `${moment(at)}${n > 1 ? `, attempt ${n}` : ''}`),
        markOf(outcome),
        target,
        version,
        duration(durationMs),
        h('span', {}, fingerprint !== undefined && h('code', {}, fingerprint), ' ', message ?? ''),
      ]),
      [4],
    ),
  )
}

function choices(name: string, list: readonly Choice[]): HTMLElement {
  return h(
    'nav',
    { class: 'choices', aria: { label: name } },
    ...list.map((choice) =>
      choice.href === undefined
        ? h('span', { class: 'chip chosen', aria: { current: 'true' } }, choice.name)
        : h('a', { class: 'chip', href: choice.href }, choice.name),
    ),
  )
}

function cards({ rate, flake, trend, days }: TrendPage): readonly Child[] {
  const passed = trend.filter(({ durationMs }) => durationMs !== undefined)
  const last = passed.at(-1)?.durationMs
  return [
    card(
      'Pass rate',
      rate === undefined ? 'not judged' : `${percent(rate.rate)} %`,
      rate !== undefined && rateBar(rate),
    ),
    card(
      'Flake rank',
      flake === undefined ? 'not flaky' : `#${flake.rank} of ${flake.of}`,
      flake === undefined
        ? `no flaky verdict in ${days} days`
        : `flaky in ${flake.flaky} of ${flake.judged}: ${percent(flake.low)} to ${percent(flake.high)} %`,
    ),
    card(
      'Took lately',
      last === undefined ? '–' : duration(last),
      `mean of the attempts that passed, ${count(passed.length, 'day')} in all`,
    ),
  ]
}

function card(name: string, value: string, more: Child): HTMLElement {
  return h(
    'section',
    { class: 'card', aria: { label: name } },
    h('h2', {}, name),
    h('p', { class: 'big' }, value),
    h('div', { class: 'quiet' }, more),
  )
}

function dayTable({ trend }: TrendPage): HTMLElement {
  return tableOf(
    'Day by day',
    ['Day', 'Pass rate', 'Took', 'Failed', 'Flaky', 'Infra'],
    trend
      .toReversed()
      .map(({ day, rate, durationMs, failed, flaky, infra }) => [
        day,
        rate === undefined ? 'not judged' : rateText(rate),
        durationMs === undefined ? '' : duration(durationMs),
        failed,
        flaky,
        infra,
      ]),
    [2, 3, 4, 5],
  )
}

function failureTable({ failures }: TrendPage): HTMLElement {
  return tableOf(
    'Latest failures',
    ['Last seen', 'Failure', 'Fingerprint', 'Seen', 'First seen'],
    failures.map(({ last, href, message, fingerprint, count: times, first, firstVersion }) => [
      h('a', { href }, moment(last)),
      message,
      h('code', {}, fingerprint),
      times === 1 ? 'once' : `${times} times`,
      `${moment(first)}, ${firstVersion}`,
    ]),
  )
}
