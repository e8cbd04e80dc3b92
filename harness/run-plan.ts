// Runs the jobs of a plan: admission by budget, retries, verdicts. A boot that tests shared and that failed says nothing
// about any one of them: each is then run apart, on a machine of its own. A fork that did not work is booted instead.

import { randomBytes } from 'node:crypto'
import type { RunEnvironment } from './attempt/environment.ts'
import type { AttemptResult } from './attempt/run-attempt.ts'
import { runJob } from './attempt/run-job.ts'
import { messageOf } from './errors.ts'
import { compareOutcomes, isAudited } from './forks/audit.ts'
import { markColdOnly } from './forks/cold-only.ts'
import type { Outcome, Verdict } from './model.ts'
import { openCosts } from './plan/cost.ts'
import { saveDurations } from './plan/durations.ts'
import { coldJob, jobOf, type Job } from './plan/group.ts'
import type { Plan } from './plan/plan.ts'
import { openSchedule, type Lease } from './plan/schedule.ts'
import { shouldRetry, type RetryBudget } from './retry-policy.ts'
import { isForkFault, verdictOf } from './verdict.ts'

export interface RunPlanOptions {
  readonly env: RunEnvironment
  readonly plan: Plan
  readonly budget: RetryBudget
  /** Most jobs at once. */
  readonly most: number
  /** Start nothing new after the first failed verdict. */
  readonly failFast: boolean
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
}

/** A job, and for an audit the outcome that it is to confirm. */
interface Work {
  readonly job: Job
  readonly audits?: Outcome
}

type Ended = Pick<AttemptResult, 'outcome' | 'reached' | 'failures'>

const nothingYet: Record = { outcomes: [], counted: [], attempts: 0, spentMs: 0 }

/** Returns the verdicts of the tests that were finished. Never throws. */
export async function runPlan(options: RunPlanOptions): Promise<Map<string, Verdict>> {
  const { env, plan, budget, most, failFast, auditForks, knownDurationMs } = options
  const { emit, signal, session } = env
  const verdicts = new Map<string, Verdict>()
  const records = new Map<string, Record>()
  const recordOf = (test: string): Record => records.get(test) ?? nothingYet
  const costs = openCosts()
  const seed = randomBytes(8).toString('hex')
  const schedule = openSchedule({
    slots: most,
    capacity: session.budget,
    signal,
    ...(session.mayAdmit === undefined
      ? {}
      : { mayAdmit: ({ memoryMiB }) => session.mayAdmit?.(memoryMiB) ?? true }),
    onError: (error, id) => {
      if (signal.aborted) return
      emit({ type: 'run.notice', level: 'warning', code: 'job-lost', message: `${id}: ${messageOf(error)}` })
    },
  })

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
    if (verdict === 'failed' && failFast) schedule.stop()
  }
  for (const { test, expectation } of plan.tests) {
    if (expectation.kind === 'skip') finish(test, 'skipped', expectation.reason)
  }

  const enqueue = (work: Work): void => {
    const { job } = work
    const known = job.tests.map(({ name }) => knownDurationMs(name))
    schedule.add({
      id: job.id,
      cost: costs.of(job),
      // One of which nothing is known counts as long: it may be the longest of all.
      weightMs: known.reduce<number>((sum, ms) => sum + (ms ?? UNKNOWN_MS), 0),
      run: async (lease) => await perform(work, lease),
    })
  }
  const runsAgain = (work: Work, test: string, ended: Ended): boolean => {
    if (signal.aborted || work.audits !== undefined) return false
    if (isUncounted(work.job, ended)) return true
    return shouldRetry([...recordOf(test).counted, ended.outcome], budget)
  }
  const settle = (work: Work, result: AttemptResult): void => {
    const { job, audits } = work
    const { ref, outcome, reason, durationMs, origin } = result
    const test = job.tests.find(({ name }) => name === ref.test)
    if (test === undefined) return
    const again = runsAgain(work, test.name, result)
    const before = recordOf(test.name)
    const isAudit = audits !== undefined
    records.set(test.name, {
      outcomes: isAudit ? before.outcomes : [...before.outcomes, outcome],
      counted: isAudit || isUncounted(job, result) ? before.counted : [...before.counted, outcome],
      attempts: before.attempts + 1,
      spentMs: before.spentMs + (isAudit ? 0 : durationMs),
    })
    if (signal.aborted && outcome === 'infra') return
    const verdict = (): Verdict => verdictOf(recordOf(test.name).outcomes)
    if (audits !== undefined) {
      const finding = compareOutcomes(audits, outcome)
      if (finding.kind !== 'diverges') return finish(test.name, verdict(), reason)
      markColdOnly(test, finding.reason)
      const message = `${test.name} is booted from now on, until it or Signalbox changes: a cold boot did not confirm its fork`
      emit({ type: 'run.notice', level: 'warning', code: 'fork-diverged', message })
      return finish(test.name, 'infra', `forks and cold boots disagree: ${finding.reason}`)
    }
    if (again) {
      const fault = isForkFaultOf(result)
      if (fault) tellFault(test.name, result)
      return enqueue({ job: fault || isSharedBootFailure(job, result) ? coldJob(test) : jobOf(test, job) })
    }
    const judged = outcome === 'passed' || outcome === 'failed'
    if (origin === 'fork' && judged && isAudited(test.name, auditForks, seed))
      return enqueue({ job: coldJob(test), audits: outcome })
    finish(test.name, verdict(), reason)
  }
  const tellFault = (test: string, { failures }: AttemptResult): void => {
    const fault = failures.find(({ code }) => isForkFault(code))
    const cause = fault?.message ?? 'unknown reason'
    const message = `${test} is booted instead of forked: ${cause}`
    env.noticeOnce({ level: 'warning', code: fault?.code ?? 'fork-failed', message }, cause)
  }
  const perform = async (work: Work, lease: Lease): Promise<void> => {
    const { job, audits } = work
    let apart = false
    let forked = false
    const rest = await runJob({
      env,
      job,
      audit: audits !== undefined,
      attemptNumber: (test) => recordOf(test).attempts + 1,
      willRetry: (test, ended) => runsAgain(work, test, ended),
      onTemplate: () => {
        forked = true
        for (const test of job.tests.slice(1)) enqueue({ job: jobOf(test, job) })
      },
      onMemory: (privateMiB) => lease.resize(costs.measured(job, privateMiB)),
      onResult: (result) => {
        apart ||= isSharedBootFailure(job, result)
        settle(work, result)
      },
    })
    if (forked || rest.length === 0 || signal.aborted) return
    // Exclusive tests of one template that could not be had, or tests whose shared boot failed.
    if (apart || (job.forks && !job.shared)) for (const test of rest) enqueue({ job: coldJob(test) })
    else enqueue({ job: { ...job, tests: rest, shared: rest.length > 1 } })
  }
  for (const job of plan.jobs) enqueue({ job })
  await schedule.onIdle()
  saveDurations(new Map([...records].map(([test, { spentMs }]) => [`${env.target.name} ${test}`, spentMs])))
  return verdicts
}

const UNKNOWN_MS = 3_600_000

function isSharedBootFailure(job: Job, { outcome, reached }: Ended): boolean {
  return job.shared && outcome === 'failed' && (reached === 'acquire' || reached === 'ready')
}

function isForkFaultOf({ failures }: Pick<Ended, 'failures'>): boolean {
  return failures.some(({ code }) => isForkFault(code))
}

function isUncounted(job: Job, ended: Ended): boolean {
  return isSharedBootFailure(job, ended) || (job.forks && isForkFaultOf(ended))
}
