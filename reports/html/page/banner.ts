// What stands above everything else: the gate's decision, how runs ended that did not finish, notices.

import type { PageGate, PageIndex, PageRequirement, PageRun } from '../data.ts'
import { copyable } from './copyable.ts'
import { h } from './dom.ts'
import { sharedNotices, type SharedNotice } from './notices.ts'
import { count } from './words.ts'

const SHOWN = 12

/** The decision on top of the report; nothing when there is none. */
export function gateBanner(gate: PageGate | undefined): HTMLElement | undefined {
  if (gate === undefined) return undefined
  const { unsatisfied } = gate
  const rest = unsatisfied.slice(SHOWN)
  return h(
    'section',
    { class: `gate ${gate.outcome}`, aria: { label: "The gate's decision" } },
    h(
      'div',
      { class: 'aspect', aria: { hidden: true } },
      ...['hold', 'need-more-results', 'promote'].map((lamp) =>
        h('span', { class: `lamp ${lamp === gate.outcome ? 'lit' : ''}` }),
      ),
    ),
    h(
      'div',
      { class: 'decision' },
      h('h2', {}, `${words[gate.outcome]} to ${gate.channel}`),
      h('p', {}, gate.summary),
      unsatisfied.length > 0 && requirementList(unsatisfied.slice(0, SHOWN)),
      rest.length > 0 &&
        h('details', {}, h('summary', {}, count(rest.length, 'more requirement')), requirementList(rest)),
      gate.more > 0 && h('p', { class: 'quiet' }, `and ${gate.more} more in decision.json`),
      h(
        'p',
        { class: 'quiet' },
        [`${gate.satisfied} satisfied`, ...gate.facts.map(([name, value]) => `${name} ${value}`)].join(' · '),
      ),
    ),
  )
}

const words: Readonly<Record<PageGate['outcome'], string>> = {
  promote: 'Promote',
  hold: 'Hold: not promoted',
  'need-more-results': 'More results are needed before promotion',
}

function requirementList(list: readonly PageRequirement[]): HTMLElement {
  return h('ul', { class: 'requirements' }, ...list.map(requirement))
}

function requirement({ kind, rule, test, target, message, command }: PageRequirement): HTMLElement {
  return h(
    'li',
    {},
    h('span', { class: 'kind', title: `rule ${rule}` }, kind),
    test !== undefined && h('b', {}, test),
    target !== undefined && h('span', { class: 'quiet' }, target),
    h('span', {}, message),
    command !== undefined && copyable(command),
  )
}

/** How runs ended that did not finish, and what readers should know. */
export function noticeList(index: PageIndex): HTMLElement | undefined {
  const ends = index.runs.flatMap((run) => (run.end === undefined ? [] : [endOf(run, index.runs.length > 1)]))
  const notices = sharedNotices(index)
  const warnings = notices.filter(({ level }) => level === 'warning')
  const infos = notices.filter(({ level }) => level === 'info')
  if (ends.length + notices.length === 0) return undefined
  const few = warnings.slice(0, 3)
  const others = [...warnings.slice(3), ...infos]
  return h(
    'section',
    { class: 'notices', aria: { label: 'Notices' } },
    ...ends,
    ...few.map(notice),
    others.length > 0 &&
      h(
        'details',
        {},
        h('summary', {}, count(others.length, few.length === 0 ? 'notice' : 'more notice')),
        ...others.map(notice),
      ),
  )
}

function notice({ level, message, targets }: SharedNotice): HTMLElement {
  return h(
    'p',
    { class: `notice ${level}` },
    message,
    targets.length > 0 && h('span', { class: 'quiet' }, ` ${targets.join(', ')}`),
  )
}

function endOf(run: PageRun, several: boolean): HTMLElement {
  return h(
    'div',
    { class: 'notice ended' },
    h('p', {}, `The run${several ? ` on ${run.name}` : ''} ${run.end ?? ''}.`),
    run.endLines.length > 0 && h('pre', {}, run.endLines.join('\n')),
  )
}
