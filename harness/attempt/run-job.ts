// Runs the tests of one job on its machines, one after the other. When a test leaves machines that cannot be trusted,
// the rest of a shared job is handed back, to be run on fresh ones.

import type { Isolation } from '../events.ts'
import { isOneMachine, type Job } from '../plan/group.ts'
import type { RegisteredTest } from '../registry.ts'
import type { NextAttempt } from '../retry-policy.ts'
import type { RunEnvironment } from './environment.ts'
import { keepsFailed } from './acquire.ts'
import { holdMachines } from './held-machines.ts'
import { attemptFolder, runAttempt, type AttemptRequest, type AttemptResult } from './run-attempt.ts'

export interface JobOptions {
  readonly env: RunEnvironment
  readonly job: Job
  /** The number of a test's next attempt, from 1. */
  readonly attemptNumber: (test: string) => number
  readonly next: (test: string, result: Parameters<AttemptRequest['next']>[0]) => NextAttempt
  readonly onResult: (result: AttemptResult) => void
  /** The job confirms an earlier outcome on a cold boot. */
  readonly audit: boolean
  /** The job runs with nothing of the run beside it. */
  readonly isolated: Isolation | undefined
  readonly beside: AttemptRequest['beside']
  /** Memory that the machines alone use, MiB, after a body. */
  readonly onMemory: (privateMiB: number) => void
  /** A template is there: the job's other tests can have clones of it. */
  readonly onTemplate?: (() => void) | undefined
}

/** Returns the tests that were not run because the shared machines were spent. */
export async function runJob(options: JobOptions): Promise<readonly RegisteredTest[]> {
  const { env, job, attemptNumber, next, onResult, onTemplate, audit, isolated, beside, onMemory } = options
  const refs = job.tests.map((test) => ({ test: test.name, n: attemptNumber(test.name) }))
  const [firstRef] = refs
  if (firstRef === undefined) return []
  // Disposed by the last attempt's teardown; here for the case that none gets that far.
  await using held = holdMachines({
    env,
    job,
    attempts: refs,
    folder: attemptFolder(env, firstRef),
    ...(onTemplate === undefined ? {} : { onTemplate }),
  })
  // Otherwise a clone is not shared: each test has one of its own.
  const isShared = (): boolean => held.origin === 'cold' || isOneMachine(job)
  const companions = isOneMachine(job) ? job.tests.map(({ name }) => name) : undefined
  for (const [index, test] of job.tests.entries()) {
    const rest = job.tests.slice(index + 1)
    const ref = refs[index]
    const plan = env.planned.get(test.name)
    if (ref === undefined || plan === undefined) continue
    let spent = false
    const result = await runAttempt({
      env,
      test,
      plan,
      ref,
      group: job.shared ? job.id : undefined,
      held,
      companions: companions ?? [test.name],
      isLastOfJob: rest.length === 0,
      acquired: index > 0,
      forks: job.forks,
      audit,
      isolated,
      beside,
      isLast: (outcome) => {
        if (job.forks && (!job.shared || !isShared())) spent = true
        // Machines that are kept are not given to the next test.
        spent ||= keepsFailed(env) && outcome !== 'passed' && outcome !== 'skipped'
        spent ||= env.signal.aborted || held.gone.aborted || outcome === 'infra' || outcome === 'harness'
        return spent || rest.length === 0
      },
      next: (ended) => next(test.name, ended),
    })
    if (result.privateMemoryMiB !== undefined) onMemory(result.privateMemoryMiB)
    onResult(result)
    if (!isShared()) return rest
    // A boot that failed left nothing to share; a body that ran out of time may still be at work on the machine.
    const broken = result.reached !== 'body' || result.failures.some((failure) => failure.kind === 'timeout')
    if (spent || (result.outcome !== 'passed' && result.outcome !== 'skipped' && broken)) return rest
  }
  return []
}
