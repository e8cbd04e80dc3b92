// How long tests are expected to take, pure: what was recorded, else a guess that says so.

import type { RegisteredTest } from '../registry.ts'
import type { Job } from './group.ts'

/** An ordinary test on a machine that is there. */
export const ORDINARY_TEST_MS = 5_000

/** A boot with KVM; where guests are emulated it takes that many times longer. */
const ORDINARY_BOOT_MS = 15_000

/** A clone, from asking for it until it answers. */
const ORDINARY_FORK_MS = 2_000

/** A test of which nothing is known counts as long when jobs are ordered: it may be the longest of all. */
const UNKNOWN_MS = 3_600_000

export type KnownDuration = (test: string) => number | undefined

/** What is assumed where nothing was recorded, milliseconds. */
export interface Guesses {
  readonly testMs: number
  readonly bootMs: number
  readonly forkMs: number
}

export interface Estimate {
  readonly ms: number
  readonly from: 'recorded' | 'guess'
}

/** The guesses for a host that is so many times slower than one with KVM. */
export function guessesFor(slowness: number): Guesses {
  return { testMs: ORDINARY_TEST_MS, bootMs: ORDINARY_BOOT_MS * slowness, forkMs: ORDINARY_FORK_MS }
}

/** The time of one attempt. What was recorded holds the acquiring of its machines; a guess adds it: `acquireMs`. */
export function estimateTest(
  { name }: Pick<RegisteredTest, 'name'>,
  knownDurationMs: KnownDuration,
  guesses: Guesses,
  acquireMs: number,
): Estimate {
  const known = knownDurationMs(name)
  return known === undefined
    ? { ms: guesses.testMs + acquireMs, from: 'guess' }
    : { ms: known, from: 'recorded' }
}

/** By which a schedule orders jobs: the longest first. */
export function weightOf({ tests }: Pick<Job, 'tests'>, knownDurationMs: KnownDuration): number {
  return tests.reduce((sum, { name }) => sum + (knownDurationMs(name) ?? UNKNOWN_MS), 0)
}
