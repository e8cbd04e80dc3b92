// Two images side by side: chosen by two lists, and what changed between them.

import type { CompareGroup, ComparePage, CompareRow, FigureRow, VerdictLink } from '../../../serve/data.ts'
import { copyable } from '../copyable.ts'
import { h, type Child } from '../dom.ts'
import { valueText } from '../words.ts'
import { markOf } from './marks.ts'
import { emptyState, tableOf } from './tables.ts'

/** The view. */
export function compareImagesView(page: ComparePage): HTMLElement {
  const { images, result } = page
  if (images.length === 0)
    return h(
      'article',
      {},
      h('h1', { tabindex: -1 }, 'Compare images'),
      emptyState(
        'The history knows no image. Bring runs there:',
        copyable('signalbox history import signalbox-results'),
      ),
    )
  return h(
    'article',
    { class: 'compare-images' },
    h('h1', { tabindex: -1 }, 'Compare images'),
    chooser(page),
    result === undefined &&
      (page.before !== '' && page.after !== ''
        ? h('p', { class: 'notice warning' }, 'The history has no run of one of them.')
        : h('p', { class: 'quiet' }, 'Choose two images.')),
    ...(result?.groups ?? []).map(groupSection),
    result !== undefined && h('h2', {}, 'Durations and metrics that changed'),
    result !== undefined &&
      h(
        'p',
        { class: 'quiet' },
        'Means over all attempts on each image; by a quarter at least, and times by 100 ms at least.',
      ),
    result !== undefined && (result.figures.length === 0 ? h('p', {}, 'None.') : figureTable(result.figures)),
    result !== undefined &&
      result.moreFigures > 0 &&
      h('p', { class: 'quiet' }, `and ${result.moreFigures} more`),
  )
}

function chooser({ images, before, after }: ComparePage): HTMLElement {
  const select = (name: string, id: string, chosen: string): HTMLSelectElement => {
    const known = images.find(
      ({ value, name: text }) => value === chosen || (chosen !== '' && text.includes(` ${chosen} (`)),
    )
    const element = h(
      'select',
      { id, aria: { label: name } },
      h('option', { attrs: { value: '' } }, 'choose an image'),
      ...images.map((image) => h('option', { attrs: { value: image.value } }, image.name)),
      known === undefined && chosen !== '' && h('option', { attrs: { value: chosen } }, chosen),
    )
    element.value = known?.value ?? chosen
    return element
  }
  const first = select('Before', 'before', before)
  const second = select('After', 'after', after)
  const go = (one: string, other: string): void =>
    location.assign(`/compare?${new URLSearchParams({ before: one, after: other }).toString()}`)
  return h(
    'div',
    { class: 'chooser', role: 'group', aria: { label: 'Images' } },
    h('label', { attrs: { for: 'before' } }, 'Before ', first),
    h('label', { attrs: { for: 'after' } }, 'After ', second),
    h(
      'button',
      { class: 'button', attrs: { type: 'button' }, on: { click: () => go(first.value, second.value) } },
      'Compare',
    ),
    h(
      'button',
      { class: 'button', attrs: { type: 'button' }, on: { click: () => go(second.value, first.value) } },
      'The other way round',
    ),
  )
}

function groupSection({ title, tone, cells, more }: CompareGroup): HTMLElement {
  return h(
    'section',
    { class: `group ${tone}`, aria: { label: title } },
    h(
      'h2',
      {},
      h(
        'span',
        { class: `sign ${cells.length === 0 ? '' : tone}`, aria: { hidden: true } },
        String(cells.length + more),
      ),
      ` ${title}`,
    ),
    cells.length === 0 ? h('p', { class: 'quiet' }, 'None.') : cellTable(title, cells),
    more > 0 && h('p', { class: 'quiet' }, `and ${more} more: signalbox history query newly-red`),
  )
}

function cellTable(title: string, cells: readonly CompareRow[]): HTMLElement {
  return tableOf(
    title,
    ['Test', 'Target', 'Before', 'After', 'Fingerprint'],
    cells.map(({ test, href, target, before, after, fingerprint }) => [
      h('a', { href }, test),
      target,
      verdictLink(before),
      verdictLink(after),
      fingerprint === undefined ? '' : h('code', {}, fingerprint),
    ]),
  )
}

function verdictLink(link: VerdictLink | undefined): Child {
  return link === undefined
    ? h('span', { class: 'quiet' }, 'not judged')
    : h('a', { href: link.href }, markOf(link.verdict))
}

function figureTable(figures: readonly FigureRow[]): HTMLElement {
  return tableOf(
    'Durations and metrics that changed',
    ['Test', 'Target', 'Figure', 'Before', 'After', 'Change'],
    figures.map(({ test, href, target, name, unit, before, after, ratio }) => [
      h('a', { href }, test),
      target,
      name,
      valueText(before, unit),
      valueText(after, unit),
      h('span', { class: ratio > 1 ? 'more' : 'less' }, `${ratio > 1 ? '▲' : '▼'} ${changeText(ratio)}`),
    ]),
    [3, 4, 5],
  )
}

function changeText(ratio: number): string {
  return ratio >= 3
    ? `${ratio.toFixed(1)} times`
    : `${ratio > 1 ? '+' : '−'}${Math.round(Math.abs(ratio - 1) * 100)} %`
}
