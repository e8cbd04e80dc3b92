// Whether the harness has a machine's journal as far as the end of a test's body. Only then does the journal's silence say
// anything of that test: it comes after the fact, and late from a machine that has much to do.

import type { AttemptRef } from '../events.ts'
import type { Machine } from '../fixtures/fixtures.ts'

const fenced = new WeakMap<Machine, AttemptRef>()

/** Says that all which systemd had logged by the end of this attempt's body has come. */
export function fenceJournal(machine: Machine, attempt: AttemptRef): void {
  fenced.set(machine, attempt)
}

/** Whether that was said of this attempt; what was said of an earlier one is worth nothing. */
export function isFenced(machine: Machine, attempt: AttemptRef): boolean {
  return fenced.get(machine) === attempt
}
