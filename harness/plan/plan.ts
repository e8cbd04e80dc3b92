// The plan, pure: the expected set, fixed and digested before the first machine, and the jobs in the order they start.

import type { ImageIdentity, PlannedTest, Target } from '../model.ts'
import { planDigest } from '../plan-digest.ts'
import type { Job } from './group.ts'
import type { Selection } from './select.ts'

export interface Plan {
  readonly target: Target
  readonly image: ImageIdentity
  readonly tests: readonly PlannedTest[]
  /** Longest first once durations are known, else the biggest, then by name. */
  readonly jobs: readonly Job[]
  /** See `planDigest`. */
  readonly digest: string
}

export interface PlanOptions {
  readonly target: Target
  readonly image: ImageIdentity
  readonly selection: readonly Selection[]
  readonly jobs: readonly Job[]
  /** Milliseconds a test took before, by name; undefined when it never ran here. */
  readonly knownDurationMs: (test: string) => number | undefined
  /** How often each test is run; undefined: until there is a verdict. */
  readonly repeat?: number | undefined
}

/** Makes the plan. */
export function makePlan(options: PlanOptions): Plan {
  const { target, image, selection, jobs, knownDurationMs, repeat } = options
  const groups = new Map(
    jobs.filter((job) => job.shared).flatMap((job) => job.tests.map((test) => [test.name, job.id])),
  )
  const tests = selection.map(({ test, skip, knownFailure }): PlannedTest => {
    const { description, tags = [], aliases = [] } = test.requirements
    const group = groups.get(test.name)
    return {
      test: test.name,
      ...(description === undefined ? {} : { description }),
      location: test.location,
      tags,
      aliases,
      expectation: skip === undefined ? { kind: 'run' } : { kind: 'skip', reason: skip },
      ...(group === undefined ? {} : { group }),
      ...(knownFailure === undefined ? {} : { knownFailure }),
    }
  })
  const digest = planDigest({ target, image, tests, repeat })
  return { target, image, tests, jobs: orderJobs(jobs, knownDurationMs), digest }
}

/** Longest first; a job of which nothing is known counts as long, bigger ones first; ties by id. */
export function orderJobs(
  jobs: readonly Job[],
  knownDurationMs: (test: string) => number | undefined,
): readonly Job[] {
  const weigh = (job: Job): number => {
    const known = job.tests.map((test) => knownDurationMs(test.name))
    if (known.some((duration) => duration === undefined)) {
      return 1e9 + job.tests.length * 1000 + (job.tests[0]?.requirements.machines ?? 1)
    }
    return known.reduce<number>((sum, duration) => sum + (duration ?? 0), 0)
  }
  return jobs
    .map((job) => ({ job, weight: weigh(job) }))
    .toSorted((a, b) => b.weight - a.weight || (a.job.id < b.job.id ? -1 : 1))
    .map(({ job }) => job)
}
