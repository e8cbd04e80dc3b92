// A run that goes on: its tests as they come, until it ends and its report is there.

import type { LiveItem, LivePage } from '../../../serve/data.ts'
import { fill, h, type Child } from '../dom.ts'
import { duration, moment, signOf } from '../words.ts'
import { foldLive, type LiveRow, type LiveState, nothingYet, orderRows } from './live-fold.ts'
import { countsOf } from './marks.ts'

const MOST = 400

/** The view; it follows the stream by itself, and goes on where it was when the connection was lost. */
export function liveView({ run }: LivePage): HTMLElement {
  let state = nothingYet
  let isDue = false
  const head = h('div', { class: 'live-head' })
  const said = h('p', { class: 'live-said', role: 'status' }, 'Waiting for events…')
  const body = h('tbody', {})
  const rows = new Map<string, { readonly element: HTMLElement; row: LiveRow }>()
  const rest = h('p', { class: 'quiet' })
  const notices = h('div', {})
  const draw = (): void => {
    isDue = false
    fill(head, ...headParts(state))
    fill(notices, ...state.notices.slice(-3).map((text) => h('p', { class: 'notice warning' }, text)))
    const { shown, left } = orderRows(state.rows.values(), MOST)
    const several = state.targets.size > 1
    const elements = shown.map((row) => {
      const known = rows.get(row.key)
      if (known?.row === row) return known.element
      const element = h('tr', { class: row.state })
      fill(element, ...cellsOf(row, state, several))
      rows.set(row.key, { element, row })
      return element
    })
    body.replaceChildren(...elements)
    fill(rest, left > 0 && `and ${left.toLocaleString('en')} more that are green`)
  }
  const schedule = (): void => {
    if (isDue) return
    isDue = true
    requestAnimationFrame(draw)
  }
  const source = new EventSource('events')
  source.addEventListener('open', () => {
    fill(said, 'Live')
  })
  source.addEventListener('items', (event: MessageEvent<string>) => {
    state = foldLive(state, JSON.parse(event.data) as readonly LiveItem[])
    schedule()
  })
  source.addEventListener('end', (event: MessageEvent<string>) => {
    source.close()
    const words = (JSON.parse(event.data) as readonly string[]).join(', ')
    fill(said, `The run has ended: ${words}. `, h('a', { href: location.pathname }, 'Open its report'))
    said.classList.add('over')
  })
  source.addEventListener('error', () => {
    if (source.readyState !== EventSource.CLOSED) fill(said, 'The connection is lost; it is tried again.')
  })
  return h(
    'article',
    { class: 'live' },
    h('h1', { tabindex: -1 }, `Run ${run}`),
    said,
    head,
    notices,
    h(
      'table',
      { class: 'list live-list', aria: { label: 'Tests' } },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ...['Test', 'State', 'Took', 'What happens'].map((name) =>
            h('th', { ...(name === 'Took' ? { class: 'number' } : {}), attrs: { scope: 'col' } }, name),
          ),
        ),
      ),
      body,
    ),
    rest,
  )
}

function headParts({ targets, planned, verdicts }: LiveState): readonly Child[] {
  const done = Object.values(verdicts).reduce((sum, count) => sum + count, 0)
  return [
    h('p', { class: 'big' }, `${done} of ${Math.max(planned, done)} tests`),
    countsOf(verdicts, planned),
    h(
      'ul',
      { class: 'live-targets' },
      ...[...targets.values()].map(({ name, image, startedAt, end }) =>
        h(
          'li',
          {},
          h('b', {}, name === '' ? 'run' : name),
          ' ',
          image,
          h('span', { class: 'quiet' }, ` began ${moment(startedAt)}${end === undefined ? '' : `, ${end}`}`),
        ),
      ),
    ),
  ]
}

function cellsOf(row: LiveRow, { targets }: LiveState, several: boolean): readonly Child[] {
  const { state, test, run, attempt, tookMs, text } = row
  const target = targets.get(run)?.name
  return [
    h(
      'th',
      { attrs: { scope: 'row' } },
      test,
      several && target !== undefined && h('span', { class: 'quiet' }, ` on ${target}`),
    ),
    h(
      'td',
      {},
      h(
        'span',
        { class: `mark ${state}` },
        h(
          'span',
          { class: `sign ${state}`, aria: { hidden: true } },
          state === 'running' ? '▶' : signOf(state),
        ),
        `${state}${attempt > 1 ? `, attempt ${attempt}` : ''}`,
      ),
    ),
    h('td', { class: 'number' }, tookMs === undefined ? '' : duration(tookMs)),
    h('td', { class: 'what' }, text),
  ]
}
