// Runs the tests of one job on its machines, one after the other. When a test leaves machines that cannot be trusted,
// the rest of a shared job is handed back, to be run on fresh ones; that of a serial group is left out, with the reason.

import type { Isolation } from '../events.ts'
import { clones, isOneMachine, isSerial, type Job } from '../plan/group.ts'
import type { RegisteredTest } from '../registry.ts'
import type { NextAttempt } from '../retry-policy.ts'
import type { RunEnvironment } from './environment.ts'
import { keepsFailed } from './acquire.ts'
import { endOfGroup, leaveOut, type GroupEnd } from './group-end.ts'
import { holdMachines } from './held-machines.ts'
import {
  attemptFolder,
  runAttempt,
  type AttemptRequest,
  type AttemptResult,
  type Ended,
} from './run-attempt.ts'

export interface JobOptions {
  readonly env: RunEnvironment
  readonly job: Job
  /** The number of a test's next attempt, from 1. */
  readonly attemptNumber: (test: string) => number
  readonly next: (test: string, ended: Ended) => NextAttempt
  /** Whether the run starts nothing more after this end of a test; asked in serial groups. */
  readonly stops: (test: string, ended: Ended) => boolean
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

/** Returns the tests that were not run because the shared machines were spent, or nothing more is to start. */
export async function runJob(options: JobOptions): Promise<readonly RegisteredTest[]> {
  const late: LateResults = { all: Promise.resolve() }
  try {
    return await runInTurn(options, late)
  } finally {
    await late.all
  }
}

/** Of attempts that have released the machines and are not over. */
interface LateResults {
  /** In the order of the tests. */
  all: Promise<void>
}

async function runInTurn(options: JobOptions, late: LateResults): Promise<readonly RegisteredTest[]> {
  const { env, job, attemptNumber, next, onResult, onTemplate, audit, isolated, beside, onMemory } = options
  const { emit } = env
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
  const isShared = (): boolean => held.origin !== 'fork' || isOneMachine(job)
  const serial = isSerial(job)
  const group = job.shared ? job.id : undefined
  const companions = isOneMachine(job) ? job.tests.map(({ name }) => name) : undefined
  // A person who looks into the machine after a failure is not to find the next test in it.
  const releases = isOneMachine(job) && !serial && !env.debugging.wantsFailed
  for (const [index, test] of job.tests.entries()) {
    const rest = job.tests.slice(index + 1)
    const ref = refs[index]
    const plan = env.planned.get(test.name)
    if (ref === undefined || plan === undefined) continue
    let spent = false
    let stopped = false
    let end: GroupEnd | undefined
    // The last one ends the machines.
    if (rest.length === 0) await late.all
    const released = Promise.withResolvers<'released'>()
    const mayRelease = releases && test.notesTimes === true && rest[0]?.notesTimes === true
    let isReleased = false
    const running = runAttempt({
      env,
      test,
      plan,
      ref,
      group,
      held,
      companions: companions ?? [test.name],
      isLastOfJob: rest.length === 0,
      acquired: index > 0,
      clones: clones(job),
      audit,
      isolated,
      beside,
      onReleased: mayRelease
        ? () => {
            isReleased = true
            released.resolve('released')
          }
        : undefined,
      isLast: (ended) => {
        if (isReleased) return false
        const { outcome } = ended
        const kept = keepsFailed(env) && outcome !== 'passed' && outcome !== 'skipped'
        if (job.forks && (!job.shared || !isShared())) spent = true
        // Machines that are kept are not given to the next test.
        spent ||= kept
        spent ||= env.signal.aborted || held.gone.aborted || outcome === 'infra' || outcome === 'harness'
        if (serial) {
          end = endOfGroup(test, ended, { gone: held.gone.aborted ? held.gone.reason : undefined, kept })
          stopped = env.signal.aborted || options.stops(test.name, ended)
          spent ||= end !== undefined || stopped
        }
        return spent || rest.length === 0
      },
      next: (ended) => next(test.name, ended),
    })
    const result = await Promise.race([running, released.promise])
    if (result === 'released') {
      late.all = late.all.then(async () => onResult(await running))
      late.all.catch(() => undefined)
      continue
    }
    await late.all
    if (result.privateMemoryMiB !== undefined) onMemory(result.privateMemoryMiB)
    onResult(result)
    if (stopped) return rest
    if (end !== undefined) {
      for (const { name } of rest) {
        const leftRef = refs.find((one) => one.test === name)
        const leftPlan = env.planned.get(name)
        if (leftPlan === undefined || leftRef === undefined) continue
        const left = { emit, ref: leftRef, plan: leftPlan, group: job.id, audit, isolated }
        const { origin } = result
        onResult(leaveOut({ ...left, origin, next: (ended) => next(name, ended) }, end))
      }
      return []
    }
    if (serial) continue
    if (!isShared()) return rest
    // A boot that failed left nothing to share; a body that ran out of time may still be at work on the machine.
    const broken = result.reached !== 'body' || result.failures.some((failure) => failure.kind === 'timeout')
    if (spent || (result.outcome !== 'passed' && result.outcome !== 'skipped' && broken)) return rest
  }
  return []
}
