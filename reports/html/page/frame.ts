// What every page of ours begins with: the way past its head, and the name that leads home.

import { h } from './dom.ts'

/** Leads to the content; seen when it has the focus. */
export function skipLink(main: HTMLElement): HTMLElement {
  const skip = (event: Event): void => {
    event.preventDefault()
    main.focus()
  }
  return h('a', { class: 'skip', href: '#main', on: { click: skip } }, 'Skip to content')
}

/** The name, and where it leads. */
export function brand(href: string): HTMLElement {
  return h('a', { class: 'brand', href }, h('span', { class: 'lamps', aria: { hidden: true } }), 'Signalbox')
}
