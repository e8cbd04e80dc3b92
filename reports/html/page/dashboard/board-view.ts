// The overview: channels, runs that go on, the latest runs.

import type { BoardPage, ChannelState, RunProgress, RunRow } from '../../../serve/data.ts'
import { gateBanner } from '../banner.ts'
import { copyable } from '../copyable.ts'
import { fill, h, type Child } from '../dom.ts'
import { duration, moment } from '../words.ts'
import { countsOf, imageText } from './marks.ts'
import { emptyState, tableOf } from './tables.ts'

/** The view; the runs that go on are kept up to date. */
export function boardView(page: BoardPage): HTMLElement {
  const live = h('div', { class: 'live-runs' }, ...liveParts(page.live))
  const said = h('p', { class: 'quiet', role: 'status' })
  follow(live, said)
  return h(
    'article',
    { class: 'overview' },
    h('h1', { class: 'unseen', tabindex: -1 }, 'Overview'),
    ...page.notes.map((note) => h('p', { class: 'notice warning' }, note)),
    h('h2', {}, 'Channels'),
    page.channels.length > 0 && h('div', { class: 'channels' }, ...page.channels.map(channelCard)),
    page.noDecisions !== undefined &&
      emptyState(
        'The gate has not decided anything yet, so no image is in a channel. Decide on one:',
        copyable(page.noDecisions),
      ),
    page.noDecisions === undefined &&
      h(
        'p',
        { class: 'quiet' },
        page.areSigned
          ? 'Only decisions count that the given key signed.'
          : 'Signatures of decisions are not checked: signalbox serve --key FILE does.',
      ),
    h('h2', {}, 'Running, or not in the history yet'),
    live,
    said,
    h('h2', {}, 'Latest runs of the history'),
    page.noRuns === undefined
      ? runTable(page.runs)
      : emptyState('The history is empty. Bring runs there:', copyable(page.noRuns)),
  )
}

function channelCard({ name, promoted, next, undecided, past }: ChannelState): HTMLElement {
  return h(
    'section',
    { class: 'channel', aria: { label: `Channel ${name}` } },
    h(
      'div',
      { class: 'channel-head' },
      h('h3', {}, name),
      promoted === undefined
        ? h('span', { class: 'quiet' }, 'nothing was promoted yet')
        : h(
            'span',
            {},
            imageText(promoted),
            ' ',
            h('span', { class: 'quiet' }, `since ${moment(promoted.at)}`),
          ),
      h('span', { class: 'grow' }),
      ...past.toReversed().map(({ version, outcome, at }) =>
        h('span', {
          class: `past ${outcome}`,
          role: 'img',
          title: `${version}: ${outcome}, ${moment(at)}`,
          aria: { label: `${version}: ${outcome}, ${moment(at)}` },
        }),
      ),
    ),
    next !== undefined &&
      h(
        'div',
        { class: 'next' },
        h(
          'p',
          {},
          'Next: ',
          imageText(next.image),
          next.compare !== undefined && ' ',
          next.compare !== undefined && h('a', { href: next.compare }, 'compare with what is promoted'),
        ),
        gateBanner(next.gate),
      ),
    next === undefined &&
      promoted !== undefined &&
      h('p', { class: 'quiet' }, 'Nothing waits: no later decision.'),
    undecided !== undefined &&
      h(
        'p',
        {},
        'Tested, and not decided on: ',
        h('a', { href: undecided.href }, imageText(undecided)),
        ' ',
        h('span', { class: 'quiet' }, moment(undecided.at)),
      ),
  )
}

function liveParts(runs: readonly RunProgress[]): readonly Child[] {
  if (runs.length === 0)
    return [
      h(
        'p',
        { class: 'quiet' },
        'No run goes on in the results folder, and the history has all that have ended.',
      ),
    ]
  return runs.map((run) => {
    const done = Object.values(run.verdicts).reduce((sum, count) => sum + count, 0)
    return h(
      'section',
      { class: `live-run ${run.state}`, aria: { label: `Run of ${moment(run.startedAt)}` } },
      h('span', { class: 'pulse', aria: { hidden: true } }),
      h(
        'div',
        {},
        h('a', { href: run.href }, h('b', {}, run.targets.join(', ') || 'run')),
        ' ',
        h('span', {}, run.images.join(', ')),
        h('br'),
        h('span', { class: 'quiet' }, `${stateWords(run)}, began ${moment(run.startedAt)}`),
      ),
      h('span', { class: 'grow' }),
      h('span', { class: 'amount' }, `${done} of ${Math.max(run.planned, done)}`),
      countsOf(run.verdicts, run.planned),
      run.state === 'live' &&
        run.running.length > 0 &&
        h(
          'p',
          { class: 'quiet now' },
          `now: ${run.running.join(', ')}${run.moreRunning > 0 ? ` and ${run.moreRunning} more` : ''}`,
        ),
    )
  })
}

function stateWords({ state, ends }: RunProgress): string {
  if (state === 'live') return 'running'
  return state === 'stopped' ? 'stopped without an end' : ends.join(', ')
}

function follow(live: HTMLElement, said: HTMLElement): void {
  let shown = ''
  const source = new EventSource('/events')
  source.addEventListener('runs', (event: MessageEvent<string>) => {
    fill(said)
    // The page has just been made of the same.
    if (event.data === shown) return
    shown = event.data
    const focused = document.activeElement?.getAttribute('href')
    const hadFocus = live.contains(document.activeElement)
    fill(live, ...liveParts(JSON.parse(event.data) as readonly RunProgress[]))
    if (!hadFocus) return
    for (const link of live.querySelectorAll<HTMLElement>('a'))
      if (link.getAttribute('href') === focused) link.focus()
  })
  source.addEventListener('error', () => {
    fill(said, 'The server does not answer; this may be old. It is tried again.')
  })
}

function runTable(runs: readonly RunRow[]): HTMLElement {
  return tableOf(
    'Latest runs',
    ['Began', 'Target', 'Image', 'Verdicts', 'Took', 'Run'],
    runs.map(({ run, href, at, durationMs, target, image, state, verdicts }) => [
      h('a', { href }, moment(at)),
      target,
      image,
      h(
        'span',
        {},
        countsOf(verdicts),
        state !== 'finished' && h('span', { class: 'count missing' }, ` ${state}`),
      ),
      duration(durationMs),
      h('span', { class: 'quiet' }, run),
    ]),
    [4],
  )
}
