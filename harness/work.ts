// What a run has still to do: a job, and what is known of why it is done again.

import type { Ended } from './attempt/run-attempt.ts'
import { clones, isSerial, type Job } from './plan/group.ts'
import type { Outcome } from './model.ts'
import { isForkFault } from './verdict.ts'

export interface Work {
  readonly job: Job
  /** For an audit: the outcomes that it is to confirm, by test. */
  readonly audits?: ReadonlyMap<string, Outcome>
  /** It runs at the end, with nothing beside it. */
  readonly alone?: boolean
  /** How often this repetition came to nothing. */
  readonly faults?: number
}

/** Whether a boot failed that says nothing about any one of the tests that were to share it. */
export function isSharedBootFailure(job: Job, { outcome, reached }: Omit<Ended, 'failures'>): boolean {
  const isBoot = reached === 'acquire' || reached === 'ready'
  return job.shared && !isSerial(job) && outcome === 'failed' && isBoot
}

/** Whether it was the fork that did not work. */
export function isForkFaultOf({ failures }: Pick<Ended, 'failures'>): boolean {
  return failures.some(({ code }) => isForkFault(code))
}

/** Whether an attempt is held against no budget of its test. */
export function isUncounted(job: Job, ended: Ended): boolean {
  return isSharedBootFailure(job, ended) || (clones(job) && isForkFaultOf(ended))
}
