// Records whose times cannot be true.

import { oneLine } from '../../harness/hostile-text.ts'
import type { Notice, RunSummary } from '../run-summary.ts'

/** Clocks of hosts that are kept in step differ by less. */
const TOLERANCE_MS = 5 * 60_000

/** A notice for a run that began in the future, as a clock says that may be wrong itself. */
export function clockNotices(run: RunSummary, nowMs: number): readonly Notice[] {
  const startedMs = Date.parse(run.startedAt)
  if (startedMs <= nowMs + TOLERANCE_MS) return []
  return [
    {
      level: 'warning',
      code: 'record-from-future',
      message: `run ${oneLine(run.run, 100)} began at ${new Date(startedMs).toISOString()}, which is yet to come: the clock of its host was wrong, or that of this one is`,
    },
  ]
}
