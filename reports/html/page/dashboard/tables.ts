// Tables of the dashboard: a caption or a name, a head, rows; wide ones scroll by themselves.

import { h, type Child } from '../dom.ts'

/** `numbers`: which columns hold numbers. */
export function tableOf(
  name: string,
  head: readonly string[],
  rows: readonly (readonly Child[])[],
  numbers: readonly number[] = [],
): HTMLElement {
  const classOf = (at: number): { readonly class?: string } =>
    numbers.includes(at) ? { class: 'number' } : {}
  return h(
    'div',
    { class: 'wide', tabindex: 0, role: 'region', aria: { label: name } },
    h(
      'table',
      { class: 'list', aria: { label: name } },
      h(
        'thead',
        {},
        h('tr', {}, ...head.map((text, at) => h('th', { ...classOf(at), attrs: { scope: 'col' } }, text))),
      ),
      h(
        'tbody',
        {},
        ...rows.map((cells) =>
          h(
            'tr',
            {},
            ...cells.map((cell, at) =>
              at === 0
                ? h('th', { ...classOf(at), attrs: { scope: 'row' } }, cell)
                : h('td', classOf(at), cell),
            ),
          ),
        ),
      ),
    ),
  )
}

/** What stands where there is nothing yet. */
export function emptyState(text: string, ...more: readonly Child[]): HTMLElement {
  return h('div', { class: 'empty' }, h('p', {}, text), ...more)
}
