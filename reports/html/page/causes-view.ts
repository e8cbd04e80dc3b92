// What went wrong, by cause: tests that failed in the same way stand together.

import type { Verdict } from '../../../harness/model.ts'
import type { PageIndex } from '../data.ts'
import { normalised } from './difference.ts'
import { h } from './dom.ts'
import { routeText, type AttemptAddress } from './route.ts'
import { count, signOf, verdictsByWeight } from './words.ts'

interface Cause {
  readonly verdict: Verdict
  readonly code: string
  readonly text: string
  readonly cells: {
    readonly name: string
    readonly target: string
    readonly at: AttemptAddress | undefined
  }[]
}

const SHOWN = 8

/** The view. */
export function causesView(index: PageIndex): HTMLElement {
  const causes = causesOf(index)
  return h(
    'article',
    { class: 'causes' },
    h(
      'h1',
      { tabindex: -1 },
      causes.length === 0 ? 'Nothing went wrong' : `${count(causes.length, 'cause')} of what is not green`,
    ),
    ...causes.map(causeCard),
  )
}

function causesOf({ runs, tests, causes }: PageIndex): readonly Cause[] {
  const found = new Map<string, Cause>()
  for (const run of runs)
    for (const cell of run.cells) {
      if (cell.v === 'passed' || cell.v === 'skipped') continue
      const text = cell.c === undefined ? '' : (causes[cell.c] ?? '')
      const key = `${cell.v} ${cell.code ?? ''} ${normalised(text)}`
      const cause = found.get(key) ?? { verdict: cell.v, code: cell.code ?? '', text, cells: [] }
      found.set(key, cause)
      const name = tests[cell.t]?.name ?? ''
      const attempt = cell.a.findLast(({ o }) => o !== 'passed' && o !== 'skipped') ?? cell.a.at(-1)
      const at = attempt === undefined ? undefined : { run: run.run, test: name, n: attempt.n }
      cause.cells.push({ name, target: run.name, at })
    }
  return [...found.values()].toSorted(
    (a, b) =>
      verdictsByWeight.indexOf(a.verdict) - verdictsByWeight.indexOf(b.verdict) ||
      b.cells.length - a.cells.length,
  )
}

function causeCard({ verdict, code, text, cells }: Cause): HTMLElement {
  const items = cells.map(({ name, target, at }) =>
    h(
      'li',
      {},
      at === undefined ? name : h('a', { href: routeText({ view: 'attempt', at }) }, name),
      h('span', { class: 'quiet' }, ` ${target}`),
    ),
  )
  const rest = items.slice(SHOWN)
  return h(
    'section',
    { class: `cause-card ${verdict}` },
    h(
      'h2',
      {},
      h('span', { class: `sign ${verdict}`, aria: { hidden: true } }, signOf(verdict)),
      text === '' ? verdict : text,
    ),
    h(
      'p',
      { class: 'quiet' },
      [verdict, code, count(cells.length, 'test')].filter((part) => part !== '').join(' · '),
    ),
    h('ul', {}, ...items.slice(0, SHOWN)),
    rest.length > 0 &&
      h('details', {}, h('summary', {}, `${rest.length} more`), h('ul', {}, ...rest.slice(0, 500))),
  )
}
