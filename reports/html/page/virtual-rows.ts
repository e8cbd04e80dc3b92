// A long list of which only the rows in sight are there. Every row has the same height; assistive technology is told how
// many there are and which ones these are, and the row with the focus stays as long as it has it.

import { h } from './dom.ts'

export interface VirtualRows {
  readonly element: HTMLElement
  /** Starts over with other rows. */
  reset(count: number): void
  /** Brings a row into sight; returns it. */
  reveal(index: number): HTMLElement | undefined
  /** Draws what is in sight again. */
  redraw(): void
}

export interface VirtualOptions {
  /** What scrolls; the rows may be only a part of what it holds. */
  readonly scroller: HTMLElement
  readonly rowHeight: number
  /** Covered by what sticks to the top of the scroller. */
  readonly coveredTop?: () => number
  readonly row: (index: number) => HTMLElement
  /** Rows in front of the first one, for `aria-rowindex`. */
  readonly headRows: number
}

const SPARE = 6

/** Makes the list; empty at first. */
export function virtualRows(options: VirtualOptions): VirtualRows {
  const { scroller, rowHeight, row, headRows, coveredTop = () => 0 } = options
  const element = h('div', { class: 'rows', role: 'rowgroup' })
  const there = new Map<number, HTMLElement>()
  let count = 0
  let scheduled = false

  const place = (index: number): HTMLElement => {
    const made = row(index)
    made.style.setProperty('transform', `translateY(${index * rowHeight}px)`)
    made.setAttribute('aria-rowindex', String(index + headRows + 1))
    there.set(index, made)
    return made
  }
  const draw = (): void => {
    scheduled = false
    if (!element.isConnected) return
    const top = scroller.getBoundingClientRect().top - element.getBoundingClientRect().top
    const first = Math.max(0, Math.floor(top / rowHeight) - SPARE)
    const last = Math.min(count, Math.ceil((top + scroller.clientHeight) / rowHeight) + SPARE)
    for (const [index, old] of there) {
      if ((index >= first && index < last) || old.contains(document.activeElement)) continue
      old.remove()
      there.delete(index)
    }
    for (let index = first; index < last; index += 1) if (!there.has(index)) element.append(place(index))
  }
  const schedule = (): void => {
    if (scheduled) return
    scheduled = true
    requestAnimationFrame(draw)
  }
  scroller.addEventListener('scroll', schedule, { passive: true })
  new ResizeObserver(schedule).observe(scroller)
  return {
    element,
    reset(next) {
      count = next
      element.style.setProperty('height', `${count * rowHeight}px`)
      for (const old of there.values()) old.remove()
      there.clear()
      schedule()
    },
    reveal(index) {
      if (index < 0 || index >= count) return undefined
      const known = there.get(index)
      const made = known ?? place(index)
      if (known === undefined) element.append(made)
      const box = made.getBoundingClientRect()
      const sight = scroller.getBoundingClientRect()
      const over = sight.top + coveredTop() - box.top
      const under = box.bottom - (sight.top + scroller.clientHeight)
      if (over > 0) scroller.scrollTop -= over + rowHeight
      else if (under > 0) scroller.scrollTop += under + rowHeight
      return made
    },
    redraw() {
      for (const old of there.values()) old.remove()
      there.clear()
      draw()
    },
  }
}
