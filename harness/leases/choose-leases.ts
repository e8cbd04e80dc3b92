// Which of the things that runs have made are nobody's any more, pure: their time is over, they are older than was said, or the process
// that made them is known to be dead.

import type { Lease } from '../machine.ts'

export interface LeaseAge {
  /** Undefined: only what has expired, or whose run is dead. */
  readonly olderThanMs: number | undefined
  readonly deadRuns: ReadonlySet<string>
  readonly nowMs: number
}

/** In the same order. */
export function chooseLeases(
  leases: readonly Lease[],
  { olderThanMs, deadRuns, nowMs }: LeaseAge,
): readonly Lease[] {
  return leases.filter(
    ({ run, createdAtMs, expiresAtMs }) =>
      deadRuns.has(run) ||
      expiresAtMs <= nowMs ||
      (olderThanMs !== undefined && nowMs - createdAtMs >= olderThanMs),
  )
}
