// Runs the jobs of a plan: admission by budget, retries, repetitions, verdicts. A boot that tests shared and that failed says nothing
// about any one of them: each is then run apart, on a machine of its own. A fork that did not work is booted instead.
// Isolated attempts come last, one at a time.

import { randomBytes } from 'node:crypto'
import { openAttemptNumbers } from './attempt-numbers.ts'
import type { RunEnvironment } from './attempt/environment.ts'
import type { AttemptResult } from './attempt/run-attempt.ts'
import { runJob } from './attempt/run-job.ts'
import { openBeside } from './beside.ts'
import { messageOf } from './errors.ts'
import type { Isolation } from './events.ts'
import { compareOutcomes, isAudited } from './forks/audit.ts'
import { markColdOnly } from './forks/cold-only.ts'
import { describeKnown, knownReason } from './known-failures/describe.ts'
import type { KnownFailure, Outcome, Verdict } from './model.ts'
import { openCosts } from './plan/cost.ts'
import { saveDurations } from './plan/durations.ts'
import { weightOf } from './plan/estimate.ts'
import { coldJob, isOneMachine, jobOf, type Job } from './plan/group.ts'
import type { Plan } from './plan/plan.ts'
import { openSchedule, type Lease } from './plan/schedule.ts'
import type { RegisteredTest } from './registry.ts'
import { runIsolated } from './run-isolated.ts'
import { nextAttempt, repeatAgain, type NextAttempt, type RetryPolicy } from './retry-policy.ts'
import { isForkFault, verdictOf } from './verdict.ts'

export interface RunPlanOptions {
  readonly env: RunEnvironment
  readonly plan: Plan
  readonly policy: RetryPolicy
  /** Most jobs at once. */
  readonly most: number
  /** Start nothing new after so many tests have failed; undefined: go on. */
  readonly maxFailures: number | undefined
  /** Most to wait for a quiet host, in all, before isolated attempts. */
  readonly quietWaitMs: number
  /** Share of the forked tests, 0 to 1, that are also run on a cold boot. */
  readonly auditForks: number
  /** Milliseconds a test took before, by name. */
  readonly knownDurationMs: (test: string) => number | undefined
}

interface Record {
  readonly outcomes: readonly Outcome[]
  /** Those that count against the test's own budgets: not the shared boots that failed, nor forks that did not work. */
  readonly counted: readonly Outcome[]
  /** Attempts of all kinds, audits included. */
  readonly attempts: number
  readonly spentMs: number
  /** Repetitions that are over. */
  readonly repetitions: number
}

/** A job, and for an audit the outcome that it is to confirm. */
interface Work {
  readonly job: Job
  readonly audits?: Outcome
  /** It runs at the end, with nothing beside it. */
  readonly alone?: boolean
  /** How often this repetition came to nothing. */
  readonly faults?: number
}

type Ended = Pick<AttemptResult, 'outcome' | 'reached' | 'failures'>

const nothingYet: Record = { outcomes: [], counted: [], attempts: 0, spentMs: 0, repetitions: 0 }

/** Returns the verdicts of the tests that were finished. Never throws. */
export async function runPlan(options: RunPlanOptions): Promise<Map<string, Verdict>> {
  const { env, plan, policy, most, maxFailures, auditForks, knownDurationMs } = options
  const { emit, signal, session } = env
  const repeat = policy.repeat ?? 1
  const repeats = policy.repeat !== undefined
  const verdicts = new Map<string, Verdict>()
  const records = new Map<string, Record>()
  const recordOf = (test: string): Record => records.get(test) ?? nothingYet
  const numbers = openAttemptNumbers()
  const beside = openBeside()
  const costs = openCosts()
  const seed = randomBytes(8).toString('hex')
  const schedule = openSchedule({
    slots: most,
    capacity: session.budget,
    signal,
    ...(session.mayAdmit === undefined
      ? {}
      : { mayAdmit: ({ memoryMiB }) => session.mayAdmit?.(memoryMiB) ?? true }),
    onError: (error, id) => tellLost(error, id),
  })
  const tellLost = (error: unknown, id: string): void => {
    if (signal.aborted) return
    emit({ type: 'run.notice', level: 'warning', code: 'job-lost', message: `${id}: ${messageOf(error)}` })
  }
  const failing = new Set<string>()
  const noteFailure = (test: string): void => {
    failing.add(test)
    if (failing.size >= (maxFailures ?? Infinity)) schedule.stop()
  }
  const knownOf = (test: string): KnownFailure | undefined => env.planned.get(test)?.knownFailure

  const finish = (test: string, verdict: Verdict, reason?: string): void => {
    verdicts.set(test, verdict)
    const { attempts, spentMs } = recordOf(test)
    emit({
      type: 'test.finished',
      test,
      verdict,
      ...(reason === undefined ? {} : { reason }),
      attempts,
      durationMs: spentMs,
    })
    if (verdict === 'failed') noteFailure(test)
  }
  for (const { test, expectation } of plan.tests) {
    if (expectation.kind === 'skip') finish(test, 'skipped', expectation.reason)
  }

  const conclude = (test: string, reason?: string): void => {
    const known = knownOf(test)
    const verdict = verdictOf(recordOf(test).outcomes, known?.mode)
    if (known !== undefined && verdict === 'passed') tellPassed(test, known)
    finish(test, verdict, (known === undefined ? undefined : knownReason(verdict, known)) ?? reason)
  }
  const tellPassed = (test: string, known: KnownFailure): void => {
    const message = `${test} passed, and ${describeKnown(known)} expects it to fail: if the bug is gone, remove the entry`
    emit({ type: 'run.notice', level: 'info', code: 'known-failure-passed', message })
  }
  /** Tests that have failed, or were repeated, and then the run was stopped. */
  const concludeLeft = (): void => {
    for (const [test, { outcomes, repetitions }] of records) {
      // What passed so far, of repetitions that were to pass all, says nothing yet.
      if (verdicts.has(test) || !outcomes.includes('failed')) continue
      if (repeats) conclude(test, `stopped after ${repetitions} of ${repeat} repetitions`)
      else if (failing.has(test)) conclude(test, 'the run ended before it was tried alone')
    }
  }
  const alone: Work[] = []
  const enqueue = (work: Work): void => {
    const { job } = work
    if (work.alone === true) {
      alone.push(work)
      return
    }
    schedule.add({
      id: job.id,
      cost: costs.of(job),
      weightMs: weightOf(job, knownDurationMs),
      run: async (lease) => await perform(work, lease),
    })
  }
  const nextOf = (work: Work, test: string, ended: Ended): NextAttempt => {
    if (signal.aborted || work.audits !== undefined) return 'none'
    const isAlone = work.alone === true
    if (isUncounted(work.job, ended)) return isAlone ? 'alone' : 'again'
    if (repeats) return repeatAgain(ended.outcome, work.faults ?? 0, policy) ? 'again' : 'none'
    const outcomes = [...recordOf(test).counted, ended.outcome]
    return nextAttempt({ outcomes, alone: isAlone, known: knownOf(test)?.mode }, policy)
  }
  const settle = (work: Work, result: AttemptResult): void => {
    const { job, audits } = work
    const { ref, outcome, reason, durationMs, origin } = result
    const test = job.tests.find(({ name }) => name === ref.test)
    if (test === undefined) return
    const next = nextOf(work, test.name, result)
    const before = recordOf(test.name)
    const isAudit = audits !== undefined
    records.set(test.name, {
      outcomes: isAudit ? before.outcomes : [...before.outcomes, outcome],
      counted: isAudit || isUncounted(job, result) ? before.counted : [...before.counted, outcome],
      attempts: before.attempts + 1,
      spentMs: before.spentMs + (isAudit ? 0 : durationMs),
      repetitions: before.repetitions + (next === 'none' ? 1 : 0),
    })
    if (signal.aborted && outcome === 'infra') return
    if (audits !== undefined) {
      const finding = compareOutcomes(audits, outcome)
      if (finding.kind !== 'diverges') return conclude(test.name, reason)
      markColdOnly(test, finding.reason)
      const message = `${test.name} is booted from now on, until it or Signalbox changes: a cold boot did not confirm its fork`
      emit({ type: 'run.notice', level: 'warning', code: 'fork-diverged', message })
      return finish(test.name, 'infra', `forks and cold boots disagree: ${finding.reason}`)
    }
    if (next !== 'none') {
      if (next === 'alone') noteFailure(test.name)
      const fault = isForkFaultOf(result)
      if (fault) tellFault(test.name, result)
      const own = fault || isSharedBootFailure(job, result) ? coldJob(test) : jobOf(test, job)
      const isFault = outcome === 'infra' || outcome === 'harness'
      const faults = (work.faults ?? 0) + (isFault && !isUncounted(job, result) ? 1 : 0)
      return enqueue({ job: own, alone: next === 'alone', faults })
    }
    const { repetitions } = recordOf(test.name)
    if (repeats && !(outcome === 'skipped' && repetitions === 1)) {
      if (outcome === 'failed' && knownOf(test.name) === undefined) noteFailure(test.name)
      // The first one has made the template that the others fork.
      if (repetitions === 1)
        for (let count = 1; count < repeat; count += 1) enqueue({ job: jobOf(test, job) })
      if (repetitions < repeat) return
    }
    const judged = outcome === 'passed' || outcome === 'failed'
    if (origin === 'fork' && judged && isAudited(test.name, auditForks, seed))
      return enqueue({ job: coldJob(test), audits: outcome, alone: work.alone ?? false })
    conclude(test.name, reason)
  }
  const tellFault = (test: string, { failures }: AttemptResult): void => {
    const fault = failures.find(({ code }) => isForkFault(code))
    const cause = fault?.message ?? 'unknown reason'
    const message = `${test} is booted instead of forked: ${cause}`
    env.noticeOnce({ level: 'warning', code: fault?.code ?? 'fork-failed', message }, cause)
  }
  const perform = async (work: Work, lease: Lease, isolated?: Isolation): Promise<void> => {
    const { job, audits } = work
    using company = beside.enter()
    const taken = new Map<string, number>()
    const putOff = (test: RegisteredTest): void => {
      const n = taken.get(test.name)
      if (n !== undefined) numbers.giveBack(test.name, n)
    }
    let apart = false
    let forked = false
    let faulty = false
    const rest = await runJob({
      env,
      job,
      audit: audits !== undefined,
      isolated,
      beside: () => company.most(),
      attemptNumber: (test) => {
        const n = numbers.take(test)
        taken.set(test, n)
        return n
      },
      next: (test, ended) => nextOf(work, test, ended),
      onTemplate: () => {
        if (isOneMachine(job)) return
        forked = true
        for (const test of job.tests.slice(1)) {
          putOff(test)
          enqueue({ job: jobOf(test, job) })
        }
      },
      onMemory: (privateMiB) => lease.resize(costs.measured(job, privateMiB)),
      onResult: (result) => {
        apart ||= isSharedBootFailure(job, result)
        faulty ||= isForkFaultOf(result)
        settle(work, result)
      },
    })
    if (forked || rest.length === 0 || signal.aborted) return
    for (const test of rest) putOff(test)
    // Exclusive tests of one template that could not be had, or tests whose shared boot failed.
    if (apart || (job.forks && !job.shared)) for (const test of rest) enqueue({ job: coldJob(test) })
    else enqueue({ job: { ...job, tests: rest, shared: rest.length > 1, forks: job.forks && !faulty } })
  }
  for (const job of plan.jobs) enqueue({ job })
  await schedule.onIdle()
  await runIsolated({
    env,
    quietWaitMs: options.quietWaitMs,
    next: () => alone.shift(),
    count: new Set(alone.flatMap(({ job }) => job.tests.map(({ name }) => name))).size,
    needs: ({ job }) => costs.of(job).memoryMiB,
    perform: async (work, isolated) => {
      try {
        await perform(work, { resize: () => undefined }, isolated)
      } catch (error) {
        tellLost(error, work.job.id)
      }
    },
  })
  concludeLeft()
  const timesEach = ({ spentMs, repetitions }: Record): number => (repeats ? spentMs / repetitions : spentMs)
  saveDurations(
    new Map([...records].map(([test, record]) => [`${env.target.name} ${test}`, timesEach(record)])),
  )
  return verdicts
}

function isSharedBootFailure(job: Job, { outcome, reached }: Ended): boolean {
  return job.shared && outcome === 'failed' && (reached === 'acquire' || reached === 'ready')
}

function isForkFaultOf({ failures }: Pick<Ended, 'failures'>): boolean {
  return failures.some(({ code }) => isForkFault(code))
}

function isUncounted(job: Job, ended: Ended): boolean {
  return isSharedBootFailure(job, ended) || (job.forks && isForkFaultOf(ended))
}
