// One attempt: what went wrong, how to run it again, everything that happened on one clock, its files and its figures.

import type { AttemptDetail, PageFailure, PageFile, TimelineItem } from '../data.ts'
import { attemptTabs, otherTargets } from './attempt-links.ts'
import { attemptFigures } from './attempt-figures.ts'
import { copyable } from './copyable.ts'
import { fill, h, type Child } from './dom.ts'
import { happeningList } from './happening-list.ts'
import { addressOf, greenOf, rerunText } from './relatives.ts'
import { routeText } from './route.ts'
import type { Found, Store } from './store.ts'
import type { Span } from './timeline-scale.ts'
import { timelineView } from './timeline-view.ts'
import { duration, moment, signOf, size } from './words.ts'

/** The page of an attempt; its detail and its logs come in as they are read. */
export function attemptView(store: Store, found: Found): HTMLElement {
  const { attempt } = found
  const body = h(
    'div',
    { class: 'attempt-body', aria: { busy: true } },
    h('p', { class: 'quiet' }, 'Reading…'),
  )
  const view = h('article', { class: 'attempt' }, ...headOf(store, found), body)
  void store.detail(attempt).then((detail) => {
    body.setAttribute('aria-busy', 'false')
    if (detail === undefined) fill(body, h('p', { class: 'notice info' }, leftOut))
    else fill(body, ...detailParts(store, found, detail))
  })
  return view
}

const leftOut =
  'The detail of this attempt was left out to keep the file small; events.jsonl has it. What is not green comes first, ' +
  'and a report of a part of the run holds all of it.'

function headOf(store: Store, found: Found): readonly Child[] {
  const { test, cell, attempt, baseline } = found
  const cause = cell.c === undefined ? undefined : store.index.causes[cell.c]
  const green = greenOf(store, found)
  const compare = routeText({
    view: 'compare',
    at: addressOf(found),
    other: green === undefined ? undefined : addressOf(green),
  })
  return [
    h(
      'div',
      { class: 'headline' },
      h('span', { class: `sign big ${attempt.o}`, aria: { hidden: true } }, signOf(attempt.o)),
      h('div', {}, h('h1', { tabindex: -1 }, test.name), h('p', { class: 'quiet' }, ...underTitle(found))),
      h('span', { class: 'grow' }),
      store.index.home !== undefined &&
        h(
          'a',
          { class: 'button', href: `${store.index.home}test?${new URLSearchParams({ name: test.name })}` },
          'Trend',
        ),
      h('a', { class: 'button', href: compare }, green === undefined ? 'Compare' : 'Compare with green'),
    ),
    baseline !== undefined &&
      h(
        'p',
        { class: 'notice info' },
        `This is the green attempt of an earlier run, ${moment(baseline.startedAt)}.`,
      ),
    attemptTabs(found),
    otherTargets(store, found),
    test.description !== undefined && h('p', { class: 'description' }, test.description),
    cell.v !== 'passed' &&
      cause !== undefined &&
      attempt.o === 'passed' &&
      h('p', { class: 'notice info' }, `${cell.v}: ${cause}`),
    cell.rate !== undefined && h('p', {}, cell.rate),
    cell.known !== undefined &&
      h(
        'p',
        { class: 'notice warning' },
        'Known failure: ',
        cell.known.text,
        ' ',
        cell.known.tracker !== undefined && external(cell.known.tracker),
      ),
  ]
}

function underTitle({ run, test, cell, attempt }: Found): readonly Child[] {
  const kind =
    attempt.kind === undefined
      ? ''
      : attempt.kind === 'audit'
        ? ' (audit of the fork)'
        : ' (alone, at the end)'
  const parts = [
    `attempt ${attempt.n}${kind} ${attempt.o}`,
    cell.a.length > 1 || attempt.o !== cell.v ? `test ${cell.v}` : '',
    run.name,
    duration(attempt.ms),
    attempt.fork === true ? 'forked machine' : '',
    test.place ?? '',
    ...test.tags.map((tag) => `@${tag}`),
  ]
  return [parts.filter((part) => part !== '').join(' · ')]
}

function external(href: string): HTMLElement {
  return h('a', { href, attrs: { rel: 'noopener noreferrer', target: '_blank' } }, 'tracker')
}

function detailParts(store: Store, found: Found, detail: AttemptDetail): readonly Child[] {
  const { attempt, run, test } = found
  const rerun = rerunText(run, test.name)
  return [
    ...detail.failures.map(failureCard),
    detail.failures.length === 0 &&
      detail.reason !== undefined &&
      h('p', { class: 'notice info' }, detail.reason),
    rerun !== undefined &&
      h(
        'section',
        { class: 'rerun', aria: { label: 'Run it again' } },
        h('h2', {}, 'Run it again'),
        copyable(rerun),
        h(
          'p',
          { class: 'quiet' },
          'with --debug: one job, no timeouts, and a shell in the machine when it fails',
        ),
      ),
    h('h2', {}, 'Timeline'),
    ...timelineParts(store, found, detail),
    h('h2', {}, 'Figures'),
    attemptFigures(store.index, found, detail),
    detail.files.length > 0 && h('h2', {}, 'Files'),
    detail.files.length > 0 && fileTable(detail.files),
    h(
      'p',
      { class: 'quiet' },
      `Run ${run.run} began ${moment(run.startedAt)}; this attempt after ${duration(attempt.at)}.`,
    ),
  ]
}

function failureCard(failure: PageFailure): HTMLElement {
  const { title, circumstances, hint, place, frame, stack, evidence, soft, fingerprint } = failure
  const [first = '', ...rest] = title.split('\n')
  return h(
    'section',
    { class: `failure ${soft === true ? 'soft' : ''}`, aria: { label: 'Failure' } },
    h('h2', {}, first),
    h(
      'p',
      { class: 'quiet' },
      [circumstances, place ?? ''].filter((part) => part !== '').join(' · '),
      ' · ',
      h('code', { title: 'The fingerprint: names this failure in the history and in waivers' }, fingerprint),
    ),
    rest.length > 0 && h('pre', {}, rest.join('\n')),
    hint !== undefined && h('p', { class: 'hint' }, `Hint: ${hint}`),
    frame !== undefined && h('pre', { class: 'frame' }, ...frameLines(frame)),
    evidence !== undefined &&
      h(
        'figure',
        {},
        h('figcaption', {}, 'Evidence'),
        h('pre', { class: 'evidence', tabindex: 0 }, evidence),
      ),
    stack !== undefined && h('details', {}, h('summary', {}, 'Stack'), h('pre', {}, stack)),
  )
}

function frameLines(frame: string): readonly Child[] {
  return frame.split('\n').map((line) => h('span', { class: line.startsWith('>') ? 'hit' : '' }, `${line}\n`))
}

function timelineParts(store: Store, { attempt }: Found, detail: AttemptDetail): readonly Child[] {
  const first: Span = padded(attempt.at - 1, attempt.at + Math.max(10, attempt.ms))
  const ends = detail.items.map((item) => item.end ?? item.at)
  const whole: Span = padded(
    Math.min(first.from, ...detail.items.map(({ at }) => at)),
    Math.max(first.to, ...ends),
  )
  const list = happeningList({
    zero: attempt.at,
    onPoint: (at) => picture.point(at),
    onChoose: (item) => picture.choose(item),
  })
  const picture = timelineView({
    whole,
    first,
    zero: attempt.at,
    onSpan: (span) => list.setSpan(span),
    onChoose: (item) => list.choose(item),
  })
  const words = h('ul', { class: 'omitted' }, ...detail.omitted.map((text) => h('li', {}, text)))
  const show = (items: readonly TimelineItem[]): void => {
    picture.setItems(items)
    list.setItems(items)
  }
  show(detail.items)
  void store.logs(attempt).then((logs) => {
    if (logs === undefined) return
    show([...detail.items, ...logs.items].toSorted((a, b) => a.at - b.at))
    words.append(...logs.omitted.map((text) => h('li', {}, text)))
  })
  return [picture.element, list.element, words]
}

function padded(from: number, to: number): Span {
  const margin = (to - from) * 0.01
  return { from: from - margin, to: to + margin }
}

function fileTable(files: readonly PageFile[]): HTMLElement {
  return h(
    'table',
    { class: 'files' },
    h(
      'thead',
      {},
      h('tr', {}, ...['File', 'Machine', 'Size'].map((name) => h('th', { attrs: { scope: 'col' } }, name))),
    ),
    h(
      'tbody',
      {},
      ...files.map(({ name, path, href, bytes, m }) =>
        h(
          'tr',
          {},
          h(
            'td',
            {},
            href === undefined
              ? h('span', { title: path }, `${name} `, h('code', {}, path))
              : h(
                  'a',
                  {
                    href: href === true ? `./${path}` : href,
                    title: path,
                    attrs: { rel: 'noopener noreferrer', target: '_blank' },
                  },
                  name,
                ),
          ),
          h('td', {}, m ?? ''),
          h('td', { class: 'number' }, size(bytes)),
        ),
      ),
    ),
  )
}
