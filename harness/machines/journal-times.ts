// When tests that share a machine began and ended, by the machine's own clock. A journal comes late; what it says of a test is
// told from what it says of the next by the time at which it was written, not by that at which it came.

import { startDeadline } from '../deadline.ts'
import type { AttemptRef } from '../events.ts'
import type { Machine } from '../fixtures/fixtures.ts'
import type { LogBuffer } from './machine-log.ts'

/** Microseconds of the machine's monotonic clock. */
interface Span {
  readonly attempt: AttemptRef
  readonly fromUs: number
  untilUs: number | undefined
}

/** In the order in which they began. */
const spans = new WeakMap<Machine, Span[]>()

/** Says when a test began on a machine. */
export function noteBegin(machine: Machine, attempt: AttemptRef, fromUs: number): void {
  const all = spans.get(machine) ?? []
  all.push({ attempt, fromUs, untilUs: undefined })
  spans.set(machine, all)
}

/** Says when it ended. */
export function noteEnd(machine: Machine, attempt: AttemptRef, untilUs: number): void {
  const span = spans.get(machine)?.find((each) => each.attempt === attempt)
  if (span !== undefined) span.untilUs = untilUs
}

/** The machine may have booted anew, and its clock with it. */
export function forgetTimes(machine: Machine): void {
  spans.delete(machine)
}

/** The guest's runner tells times to a hundredth of a second. */
const COARSE_US = 10_000

/**
 * Whether an entry of the journal belongs to this test rather than to one before or after it; what has no time does. With
 * `hasFollower` another test may be at work on the machine although it has not said when it began: what was written after the
 * end of this one is then not held against it.
 */
export function isOfAttempt(
  machine: Machine,
  attempt: AttemptRef,
  atUs: number | undefined,
  hasFollower = false,
): boolean {
  const all = spans.get(machine) ?? []
  const index = all.findIndex((each) => each.attempt === attempt)
  const own = all[index]
  if (atUs === undefined || own === undefined) return true
  if (index > 0 && atUs < own.fromUs) return false
  const next = all[index + 1]
  if (next !== undefined) return atUs < next.fromUs
  return !hasFollower || own.untilUs === undefined || atUs <= own.untilUs + COARSE_US
}

/** journald tells its readers four times a second; an emulated one that has much to do takes longer. */
const QUIET_MS = 1_000
/** A journal that stays behind for longer is not waited for. */
const MOST_MS = 10_000

/**
 * Waits until the journal has come past the end of the test, as far as that can be told: an entry of a later time is there, or
 * none of any time comes any more. Returns at once where the end was not noted.
 */
export async function journalPast(
  machine: Machine,
  attempt: AttemptRef,
  journal: LogBuffer,
  signal: AbortSignal,
): Promise<void> {
  const untilUs = spans.get(machine)?.find((each) => each.attempt === attempt)?.untilUs
  if (untilUs === undefined) return
  const { promise, resolve } = Promise.withResolvers<void>()
  using deadline = startDeadline({ phase: 'the journal', timeoutMs: MOST_MS, signal })
  deadline.signal.addEventListener('abort', () => resolve(), { once: true })
  let quiet = setTimeout(resolve, QUIET_MS)
  const stop = journal.listen((_line, atUs) => {
    clearTimeout(quiet)
    if (atUs !== undefined && atUs > untilUs) resolve()
    else quiet = setTimeout(resolve, QUIET_MS)
  })
  try {
    if (!signal.aborted && (journal.latestUs ?? 0) <= untilUs) await promise
  } finally {
    stop()
    clearTimeout(quiet)
  }
}
