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

/** What is known of the tests of one target. */
export interface TestDurations {
  /** What was recorded on it. */
  readonly recordedMs: KnownDuration
  /** The same, and what another target lends for the rest. */
  readonly expectedMs: KnownDuration
}

/** What is assumed where nothing was recorded, milliseconds. */
export interface Guesses {
  readonly testMs: number
  readonly bootMs: number
  readonly forkMs: number
}

export interface Estimate {
  readonly ms: number
  /** `lent`: recorded on another target, and scaled. */
  readonly from: 'recorded' | 'lent' | 'guess'
}

/** The guesses for a host that is so many times slower than one with KVM. */
export function guessesFor(slowness: number): Guesses {
  return { testMs: ORDINARY_TEST_MS, bootMs: ORDINARY_BOOT_MS * slowness, forkMs: ORDINARY_FORK_MS }
}

/** The time of one attempt. What was recorded holds the acquiring of its machines; a guess adds it: `acquireMs`. */
export function estimateTest(
  { name }: Pick<RegisteredTest, 'name'>,
  { recordedMs, expectedMs }: TestDurations,
  guesses: Guesses,
  acquireMs: number,
): Estimate {
  const expected = expectedMs(name)
  if (expected === undefined) return { ms: guesses.testMs + acquireMs, from: 'guess' }
  return { ms: expected, from: recordedMs(name) === undefined ? 'lent' : 'recorded' }
}

/**
 * By which a schedule orders jobs, over all targets of a run: the longest first. Of what nobody knows, that of slower machines is
 * longer.
 */
export function weightOf(
  { tests }: Pick<Job, 'tests'>,
  { expectedMs }: Pick<TestDurations, 'expectedMs'>,
  slowness: number,
): number {
  return tests.reduce((sum, { name }) => sum + (expectedMs(name) ?? UNKNOWN_MS * slowness), 0)
}
