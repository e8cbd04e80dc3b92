// A reporter is a reader: what goes wrong in it is told once and never reaches the run.

import { messageOf } from '../harness/errors.ts'
import type { Reporter } from './list.ts'
import type { Notice } from './run-summary.ts'

/** The same reporter, but after its first exception it is told to `onNotice`, ended and left alone. */
export function guardReporter(
  name: string,
  reporter: Reporter,
  onNotice: (notice: Notice) => void,
): Reporter {
  let failed = false
  const guarded = (work: () => void): void => {
    if (failed) return
    try {
      work()
    } catch (error) {
      failed = true
      onNotice({
        level: 'warning',
        code: 'reporter-failed',
        message: `the ${name} reporter failed and is switched off: ${messageOf(error)}`,
      })
    }
  }
  return {
    onEvent: (event) => guarded(() => reporter.onEvent(event)),
    end: (options) => guarded(() => reporter.end(options)),
  }
}
