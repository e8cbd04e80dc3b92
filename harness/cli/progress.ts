// Progress of something that may take longer than two seconds: one redrawn line on a terminal, a line a step elsewhere.
// On standard error, so that standard output stays for results.

import { formatSeconds } from '../deadline.ts'
import { oneLine } from '../hostile-text.ts'

export interface Progress extends Disposable {
  /** Says where it is; `detail` is shown on a terminal only. */
  update(step: string, detail?: string): void
}

/** Starts showing progress. Nothing appears when it is over within `quietMs`. */
export function showProgress(
  title: string,
  stream: NodeJS.WriteStream = process.stderr,
  quietMs = 1000,
): Progress {
  const live = stream.isTTY && process.env['TERM'] !== 'dumb' && process.env['CI'] === undefined
  const startedAt = performance.now()
  let shown = ''
  let drawn = false
  let current: { step: string; detail: string } | undefined
  const draw = (): void => {
    const elapsed = performance.now() - startedAt
    if (current === undefined || elapsed < quietMs) return
    const { step, detail } = current
    if (live) {
      const text = oneLine(
        `${title}: ${step} (${formatSeconds(elapsed)}) ${detail}`,
        (stream.columns || 80) - 1,
      )
      stream.write(`\r\u001B[2K${text}`)
      drawn = true
    } else if (step !== shown) {
      stream.write(`${title}: ${step} (${formatSeconds(elapsed)})\n`)
    }
    shown = step
  }
  const timer = setInterval(draw, live ? 200 : 1000)
  timer.unref()
  return {
    update(step, detail = '') {
      current = { step, detail }
      if (!live) draw()
    },
    [Symbol.dispose]() {
      clearInterval(timer)
      if (drawn) stream.write('\r\u001B[2K')
    },
  }
}
