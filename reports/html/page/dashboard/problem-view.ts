// What cannot be shown, and what to do.

import type { ProblemPage } from '../../../serve/data.ts'
import { h } from '../dom.ts'

/** The view. */
export function problemView({ title, message, hint }: ProblemPage): HTMLElement {
  return h(
    'article',
    {},
    h('h1', { tabindex: -1 }, title),
    h('p', { class: 'notice warning' }, message),
    hint !== undefined && h('p', {}, hint),
  )
}
