// Two attempts side by side, and where they part first.

import type { AttemptDetail, AttemptLogs, TimelineItem } from '../data.ts'
import { phaseNames } from './attempt-figures.ts'
import { alignItems, firstDifference, linesOnlyIn, type Pair } from './difference.ts'
import { fill, h, type Child } from './dom.ts'
import { addressOf, greenOf, nameOf, relativesOf } from './relatives.ts'
import { routeText } from './route.ts'
import type { Found, Store } from './store.ts'
import { clock, count, duration, signOf } from './words.ts'

interface Side {
  readonly found: Found
  readonly detail: AttemptDetail
  readonly logs: AttemptLogs | undefined
}

/** The view; without an other one the green attempt that says most, if there is one. */
export function compareView(store: Store, left: Found, chosen: Found | undefined): HTMLElement {
  const others = relativesOf(store, left)
  const right = chosen ?? greenOf(store, left) ?? others[0]
  const body = h('div', { aria: { busy: right !== undefined } })
  const view = h(
    'article',
    { class: 'compare' },
    h('div', { class: 'headline' }, h('h1', { tabindex: -1 }, left.test.name)),
    h(
      'div',
      { class: 'sides' },
      h(
        'p',
        {},
        h('span', { class: `sign ${left.attempt.o}` }, signOf(left.attempt.o)),
        ' ',
        h('a', { href: linkOf(left) }, nameOf(left)),
      ),
      right === undefined
        ? h('p', {}, 'There is nothing to compare with: this test has one attempt only.')
        : chooser(left, right, others),
    ),
    body,
  )
  if (right !== undefined) void show(store, left, right, body)
  return view
}

function chooser(left: Found, right: Found, others: readonly Found[]): HTMLElement {
  const select = h(
    'select',
    {
      aria: { label: 'Compare with' },
      on: {
        change: () => {
          const other = others[Number(select.value)]
          if (other !== undefined)
            location.hash = routeText({ view: 'compare', at: addressOf(left), other: addressOf(other) })
        },
      },
    },
    ...others.slice(0, 300).map((other, index) => h('option', { attrs: { value: index } }, nameOf(other))),
  )
  select.value = String(others.findIndex(({ attempt }) => attempt === right.attempt))
  return h(
    'p',
    {},
    h('span', { class: `sign ${right.attempt.o}` }, signOf(right.attempt.o)),
    ' ',
    select,
    ' ',
    h('a', { href: linkOf(right) }, 'open'),
  )
}

function linkOf(found: Found): string {
  return routeText({ view: 'attempt', at: addressOf(found) })
}

async function show(store: Store, left: Found, right: Found, body: HTMLElement): Promise<void> {
  const [one, other] = await Promise.all([sideOf(store, left), sideOf(store, right)])
  body.setAttribute('aria-busy', 'false')
  if (one === undefined || other === undefined) {
    fill(
      body,
      h('p', { class: 'notice info' }, 'The detail of one of them was left out to keep the file small.'),
    )
    return
  }
  const pairs = alignItems(one.detail.items, other.detail.items)
  fill(
    body,
    ...firstPart(pairs, one, other),
    phaseTable(left, right),
    ...newLines(one, other),
    ...pairTable(pairs, one, other),
  )
}

async function sideOf(store: Store, found: Found): Promise<Side | undefined> {
  const [detail, logs] = await Promise.all([store.detail(found.attempt), store.logs(found.attempt)])
  return detail === undefined ? undefined : { found, detail, logs }
}

function firstPart(pairs: readonly Pair[], one: Side, other: Side): readonly Child[] {
  const pair = firstDifference(pairs, { left: one.found.attempt.at, right: other.found.attempt.at })
  if (pair === undefined)
    return [h('p', { class: 'notice info' }, 'Both did the same, step by step and command by command.')]
  return [
    h(
      'section',
      { class: 'first-difference', aria: { label: 'First difference' } },
      h('h2', {}, 'First difference'),
      h('div', { class: 'sides' }, sideText(pair.left, one), sideText(pair.right, other)),
    ),
  ]
}

function sideText(item: TimelineItem | undefined, { found }: Side): HTMLElement {
  if (item === undefined)
    return h('div', { class: 'side' }, h('p', { class: 'quiet' }, 'Nothing of the kind here.'))
  const took =
    item.end === undefined
      ? ''
      : item.end === null
        ? ', never ended'
        : `, took ${duration(item.end - item.at)}`
  return h(
    'div',
    { class: 'side' },
    h(
      'p',
      { class: 'quiet' },
      `${item.lane}${item.m === undefined ? '' : ` ${item.m}`} at ${clock(item.at - found.attempt.at)}${took}`,
    ),
    h('pre', { class: item.state ?? '' }, item.title),
    item.text !== undefined && h('pre', { class: 'output' }, item.text),
  )
}

function phaseTable(left: Found, right: Found): HTMLElement {
  const rows = [
    ['whole attempt', left.attempt.ms, right.attempt.ms] as const,
    ...phaseNames.map(
      (name, index) =>
        [name, left.attempt.ph[index] ?? undefined, right.attempt.ph[index] ?? undefined] as const,
    ),
  ]
  const longest = Math.max(1, ...rows.flatMap(([, a, b]) => [a ?? 0, b ?? 0]))
  const bar = (ms: number | undefined): Child =>
    ms === undefined
      ? 'not reached'
      : h(
          'span',
          { class: 'meter' },
          h('span', { class: 'bar', style: { '--share': String(ms / longest) } }),
          duration(ms),
        )
  return h(
    'table',
    { class: 'phases' },
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        ...['Phase', 'This attempt', 'The other', 'Difference'].map((name) =>
          h('th', { attrs: { scope: 'col' } }, name),
        ),
      ),
    ),
    h(
      'tbody',
      {},
      ...rows
        .filter(([, a, b]) => a !== undefined || b !== undefined)
        .map(([name, a, b]) =>
          h(
            'tr',
            {},
            h('th', { attrs: { scope: 'row' } }, name),
            h('td', {}, bar(a)),
            h('td', {}, bar(b)),
            h('td', { class: 'number' }, a === undefined || b === undefined ? '' : signedDuration(a - b)),
          ),
        ),
    ),
  )
}

function signedDuration(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${duration(Math.abs(ms))}`
}

function newLines(one: Side, other: Side): readonly Child[] {
  if (one.logs === undefined || other.logs === undefined) return []
  const lines = linesOnlyIn(one.logs.items, other.logs.items)
  if (lines.length === 0)
    return [
      h(
        'p',
        { class: 'quiet' },
        'Console and journal have no kind of line that the other attempt does not have.',
      ),
    ]
  const shown = lines.slice(0, 200)
  return [
    h('h2', {}, `${count(lines.length, 'kind')} of lines that the other attempt does not have`),
    h(
      'ol',
      { class: 'lines' },
      ...shown.map((item) =>
        h(
          'li',
          { class: item.state ?? '' },
          h('span', { class: 'at' }, clock(item.at - one.found.attempt.at)),
          h('span', { class: 'kind' }, item.lane),
          h('span', { class: 'what' }, item.title),
        ),
      ),
    ),
    lines.length > shown.length && h('p', { class: 'quiet' }, `and ${lines.length - shown.length} more`),
  ]
}

function pairTable(pairs: readonly Pair[], one: Side, other: Side): readonly Child[] {
  const signs = { same: '', changed: '≠', 'only-left': '−', 'only-right': '+' } as const
  const words = {
    same: 'the same',
    changed: 'differs',
    'only-left': 'only in this attempt',
    'only-right': 'only in the other',
  } as const
  return [
    h('h2', {}, 'Step by step'),
    h(
      'table',
      { class: 'pairs' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ...['', 'This attempt', 'The other'].map((name) => h('th', { attrs: { scope: 'col' } }, name)),
        ),
      ),
      h(
        'tbody',
        {},
        ...pairs
          .slice(0, 600)
          .map((pair) =>
            h(
              'tr',
              { class: pair.kind },
              h(
                'td',
                { class: 'mark', title: words[pair.kind] },
                signs[pair.kind],
                h('span', { class: 'unseen' }, words[pair.kind]),
              ),
              h('td', {}, ...pairCell(pair.left, one)),
              h('td', {}, ...pairCell(pair.right, other)),
            ),
          ),
      ),
    ),
  ]
}

function pairCell(item: TimelineItem | undefined, { found }: Side): readonly Child[] {
  if (item === undefined) return []
  return [
    h('span', { class: 'at' }, clock(item.at - found.attempt.at)),
    h('span', { class: `what ${item.state ?? ''}` }, `${item.state === 'failed' ? '✕ ' : ''}${item.title}`),
    h(
      'span',
      { class: 'quiet' },
      item.end === undefined || item.end === null ? '' : duration(item.end - item.at),
    ),
  ]
}
