// Runs the jobs of a plan: admission by budget, retries, repetitions, verdicts. A boot that tests shared and that failed says nothing
// about any one of them: each is then run apart, on a machine of its own. A fork that did not work is booted instead.
// Isolated attempts come last, one at a time.

import { randomBytes } from 'node:crypto'
import { openAttemptNumbers } from './attempt-numbers.ts'
import type { RunEnvironment } from './attempt/environment.ts'
import type { AttemptResult, Ended } from './attempt/run-attempt.ts'
import { runJob } from './attempt/run-job.ts'
import { messageOf } from './errors.ts'
import type { Isolation } from './events.ts'
import { compareOutcomes, isAudited } from './forks/audit.ts'
import { markColdOnly } from './forks/cold-only.ts'
import type { Outcome, Verdict } from './model.ts'
import { openCosts } from './plan/cost.ts'
import { saveDurations } from './plan/durations.ts'
import { weightOf, type TestDurations } from './plan/estimate.ts'
import { coldJob, isOneMachine, isSerial, jobOf } from './plan/group.ts'
import type { Plan } from './plan/plan.ts'
import type { Lease } from './plan/schedule.ts'
import type { RegisteredTest } from './registry.ts'
import { runIsolated, type IsolatedOptions } from './run-isolated.ts'
import { nextAttempt, repeatAgain, type NextAttempt, type RetryPolicy } from './retry-policy.ts'
import type { Share } from './shared-run.ts'
import { openRounds, type RoundEnd } from './serial-rounds.ts'
import { isForkFault } from './verdict.ts'
import { openBook } from './verdict-book.ts'
import { isForkFaultOf, isSharedBootFailure, isUncounted, type Work } from './work.ts'

export interface RunPlanOptions {
  readonly env: RunEnvironment
  readonly plan: Plan
  readonly policy: RetryPolicy
  /** Its part of what the targets of the command share. */
  readonly share: Share
  /** Most to wait for a quiet host, in all, before isolated attempts. */
  readonly quietWaitMs: number
  /** Share of the forked tests, 0 to 1, that are also run on a cold boot. */
  readonly auditForks: number
  readonly durations: TestDurations
}

/** Returns the verdicts of the tests that were finished. Never throws. */
export async function runPlan(options: RunPlanOptions): Promise<Map<string, Verdict>> {
  const { env, plan, policy, share, auditForks, durations } = options
  const { emit, signal } = env
  const repeat = policy.repeat ?? 1
  const repeats = policy.repeat !== undefined
  const numbers = openAttemptNumbers()
  const costs = openCosts()
  const seed = randomBytes(8).toString('hex')
  const tellLost = (error: unknown, id: string): void => {
    if (signal.aborted) return
    emit({ type: 'run.notice', level: 'warning', code: 'job-lost', message: `${id}: ${messageOf(error)}` })
  }
  const lane = share.openLane(tellLost)
  const book = openBook({ emit, planned: env.planned, repeat: policy.repeat, failures: share.failures })
  const { conclude, finish, knownOf, noteFailure, recordOf } = book
  for (const { test, expectation } of plan.tests) {
    if (expectation.kind === 'skip') finish(test, 'skipped', expectation.reason)
  }

  const alone: Work[] = []
  const enqueue = (work: Work): void => {
    const { job } = work
    if (work.alone === true) {
      alone.push(work)
      return
    }
    lane.add({
      id: job.id,
      cost: costs.of(job),
      weightMs: weightOf(job, durations, env.slowness),
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
    const { ref, outcome, reason, origin } = result
    const test = job.tests.find(({ name }) => name === ref.test)
    if (test === undefined) return
    const next = nextOf(work, test.name, result)
    const isAudit = audits !== undefined
    book.enter(result, { isAudit, isCounted: !isUncounted(job, result), isLast: next === 'none' })
    if (signal.aborted && outcome === 'infra') return
    const forked = audits?.get(test.name)
    if (forked !== undefined) return confirm(work, result, forked)
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
    // What a clone in the initrd says against the image is never believed alone.
    const isDoubted = origin === 'initrd' && outcome === 'failed'
    if (origin !== 'cold' && judged && (isDoubted || isAudited(test.name, auditForks, seed))) {
      const outcomes = new Map([[test.name, outcome]])
      return enqueue({ job: coldJob(test), audits: outcomes, alone: work.alone ?? false })
    }
    conclude(test.name, reason)
  }
  const confirm = ({ job }: Work, { ref, outcome, reason }: AttemptResult, forked: Outcome): void => {
    const finding = compareOutcomes(forked, outcome)
    if (finding.kind !== 'diverges') return conclude(ref.test, reason)
    const test = job.tests.find(({ name }) => name === ref.test)
    if (test !== undefined) markColdOnly(test, finding.reason)
    const message = `${ref.test} is booted from now on, until it or Signalbox changes: a cold boot did not confirm its fork`
    emit({ type: 'run.notice', level: 'warning', code: 'fork-diverged', message })
    finish(ref.test, 'infra', `forks and cold boots disagree: ${finding.reason}`)
  }
  const tellFault = (test: string, { failures }: Pick<Ended, 'failures'>): void => {
    const fault = failures.find(({ code }) => isForkFault(code))
    const cause = fault?.message ?? 'unknown reason'
    const message = `${test} is booted instead of forked: ${cause}`
    env.noticeOnce({ level: 'warning', code: fault?.code ?? 'fork-failed', message }, cause)
  }
  const rounds = openRounds({
    emit,
    signal,
    policy,
    book,
    enqueue,
    isAudited: (group) => isAudited(group, auditForks, seed),
    confirm,
    tellFault,
  })
  const perform = async (work: Work, lease: Lease, isolated?: Isolation): Promise<void> => {
    const { job, audits } = work
    using company = share.beside.enter()
    const taken = new Map<string, number>()
    const putOff = (test: RegisteredTest): void => {
      const n = taken.get(test.name)
      if (n !== undefined) numbers.giveBack(test.name, n)
    }
    let apart = false
    let forked = false
    let faulty = false
    const serial = isSerial(job)
    const round: AttemptResult[] = []
    using settled = new DisposableStack()
    if (serial) settled.defer(() => rounds.settle(work, round))
    const withLast = (test: string, ended: Ended): readonly RoundEnd[] => [
      ...round,
      { ...ended, ref: { test } },
    ]
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
      next: (test, ended) => {
        if (!serial) return nextOf(work, test, ended)
        // What is green is told to run again only when the round is over.
        const isGreen = ended.outcome === 'passed' || ended.outcome === 'skipped'
        return isGreen ? 'none' : rounds.next(work, withLast(test, ended))
      },
      stops: (test, ended) => serial && rounds.stops(work, withLast(test, ended)),
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
        if (serial) {
          round.push(result)
          return
        }
        apart ||= isSharedBootFailure(job, result)
        faulty ||= isForkFaultOf(result)
        settle(work, result)
      },
    })
    if (forked || rest.length === 0 || signal.aborted) return
    for (const test of rest) putOff(test)
    if (serial) return
    // Exclusive tests of one template that could not be had, or tests whose shared boot failed.
    if (apart || (job.forks && !job.shared)) for (const test of rest) enqueue({ job: coldJob(test) })
    else {
      const [forks, initrd] = [job.forks && !faulty, job.initrd && !faulty]
      enqueue({ job: { ...job, tests: rest, shared: rest.length > 1, forks, initrd } })
    }
  }
  const hasFailed = (test: string): boolean => recordOf(test).outcomes.includes('failed')
  for (const job of plan.jobs) enqueue({ job })
  await lane.onIdle()
  const runAlone: IsolatedOptions<Work> = {
    env,
    quietWaitMs: options.quietWaitMs,
    next: () => alone.shift(),
    count: new Set(alone.flatMap(({ job }) => job.tests.map(({ name }) => name).filter(hasFailed))).size,
    needs: ({ job }) => costs.of(job).memoryMiB,
    perform: async (work, isolated) => {
      try {
        await perform(work, { resize: () => undefined }, isolated)
      } catch (error) {
        tellLost(error, work.job.id)
      }
    },
  }
  await share.whenAlone(async () => await runIsolated(runAlone))
  book.concludeLeft()
  saveDurations(env.target.name, env.slowness, new Map(book.durations()))
  return new Map(book.verdicts)
}
