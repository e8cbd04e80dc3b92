// What was run: image, target, host and versions of each run.

import type { PageIndex } from '../data.ts'
import { pair } from './attempt-figures.ts'
import { h } from './dom.ts'
import { duration, moment } from './words.ts'

/** The view. */
export function aboutView({ runs }: PageIndex): HTMLElement {
  return h(
    'article',
    { class: 'about' },
    h('h1', { tabindex: -1 }, runs.length === 1 ? 'The run' : 'The runs'),
    ...runs.map((run) =>
      h(
        'table',
        {},
        h('caption', {}, run.name),
        h(
          'tbody',
          {},
          pair('run', run.run),
          pair('began', moment(run.startedAt)),
          pair('took', duration(run.durationMs)),
          pair('ended', run.end ?? 'finished'),
          ...run.facts.map(([name, value]) => pair(name, value)),
        ),
      ),
    ),
  )
}
