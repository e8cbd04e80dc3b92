// A command to be copied: shown, selectable, with a button.

import { h } from './dom.ts'

/** The command and its button. Where the browser does not let the page copy, it selects the text instead. */
export function copyable(command: string): HTMLElement {
  const code = h('code', {}, command)
  const said = h('span', { class: 'said', role: 'status' })
  const say = (text: string): void => {
    said.textContent = text
    setTimeout(() => (said.textContent = ''), 2000)
  }
  const select = (): void => {
    getSelection()?.selectAllChildren(code)
    say('selected')
  }
  const copy = (): void => {
    // A file that was opened from the disk may have no clipboard.
    if (!('clipboard' in navigator)) return select()
    navigator.clipboard.writeText(command).then(() => say('copied'), select)
  }
  return h(
    'span',
    { class: 'copyable' },
    code,
    h(
      'button',
      { attrs: { type: 'button' }, on: { click: copy }, aria: { label: `Copy: ${command}` } },
      'Copy',
    ),
    said,
  )
}
