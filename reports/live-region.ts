// The lines at the bottom of a terminal that are drawn again and again while finished lines scroll away above them. It
// never wraps, survives a resize, and gives the cursor back.

import { type ReportStream, sizeOf } from './terminal.ts'
import { textWidth } from './text-width.ts'

const HIDE_CURSOR = '\u001B[?25l'
const SHOW_CURSOR = '\u001B[?25h'
const NO_WRAP = '\u001B[?7l'
const WRAP = '\u001B[?7h'
const ERASE_BELOW = '\u001B[J'

export interface LiveRegion {
  /** Puts finished lines above the region and draws `region` below them, in one write. */
  draw(finished: readonly string[], region: readonly string[]): void
  /** Removes the region and gives the cursor back until the next `draw`: somebody else writes meanwhile. */
  leave(): void
  /** Removes the region and shows the cursor. Idempotent. */
  close(): void
}

export function openLiveRegion(stream: ReportStream): LiveRegion {
  let drawn: readonly string[] = []
  let open = true

  /** Back to the region's first line. A terminal that became narrower has reflowed the old lines into more rows. */
  const erase = (): string => {
    if (drawn.length === 0) return ''
    const { columns } = sizeOf(stream)
    const rows = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(textWidth(line) / columns)), 0)
    return `\r\u001B[${rows}A${ERASE_BELOW}`
  }
  const restore = (): void => {
    stream.write(`${WRAP}${SHOW_CURSOR}`)
  }
  process.once('exit', restore)
  stream.write(HIDE_CURSOR)
  let away = false

  return {
    draw(finished, region) {
      if (!open) return
      if (away) stream.write(HIDE_CURSOR)
      away = false
      const above = finished.map((line) => `${line}\n`).join('')
      const below = region.map((line) => `${line}\n`).join('')
      stream.write(`${erase()}${above}${below === '' ? '' : `${NO_WRAP}${below}${WRAP}`}`)
      drawn = region
    },
    leave() {
      if (!open) return
      stream.write(`${erase()}${WRAP}${SHOW_CURSOR}`)
      drawn = []
      away = true
    },
    close() {
      if (!open) return
      open = false
      process.off('exit', restore)
      stream.write(`${erase()}${WRAP}${SHOW_CURSOR}`)
      drawn = []
    },
  }
}
