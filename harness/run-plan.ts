// Runs the jobs of a plan: admission by budget, retries, verdicts. A boot that tests shared and that failed says nothing
// about any one of them: each is then run apart, on a machine of its own.

import PQueue from 'p-queue'
import type { RunEnvironment } from './attempt/environment.ts'
import type { AttemptResult } from './attempt/run-attempt.ts'
import { runJob } from './attempt/run-job.ts'
import { messageOf } from './errors.ts'
import type { Outcome, Phase, Verdict } from './model.ts'
import { openBudget, type Cost } from './plan/budget.ts'
import { saveDurations } from './plan/durations.ts'
import type { Job } from './plan/group.ts'
import type { Plan } from './plan/plan.ts'
import type { RegisteredTest } from './registry.ts'
import { shouldRetry, type RetryBudget } from './retry-policy.ts'
import { verdictOf } from './verdict.ts'

export interface RunPlanOptions {
  readonly env: RunEnvironment
  readonly plan: Plan
  readonly budget: RetryBudget
  /** Most jobs at once. */
  readonly most: number
  /** Start nothing new after the first failed verdict. */
  readonly failFast: boolean
}

/** What QEMU needs besides the guest's memory; kept free of guests by the budget. */
const MACHINE_OVERHEAD_MIB = 150

interface Record {
  readonly outcomes: readonly Outcome[]
  /** Those that count against the test's own budgets: not the shared boots that failed. */
  readonly counted: readonly Outcome[]
  readonly spentMs: number
}

const nothingYet: Record = { outcomes: [], counted: [], spentMs: 0 }

/** Returns the verdicts of the tests that were finished. Never throws. */
export async function runPlan(options: RunPlanOptions): Promise<Map<string, Verdict>> {
  const { env, plan, budget, most, failFast } = options
  const { emit, signal } = env
  const verdicts = new Map<string, Verdict>()
  const records = new Map<string, Record>()
  const recordOf = (test: string): Record => records.get(test) ?? nothingYet
  const queue = new PQueue({ concurrency: most })
  const admission = openBudget(env.session.budget)
  let stopped = false

  const finish = (test: string, verdict: Verdict, reason?: string): void => {
    verdicts.set(test, verdict)
    const { outcomes, spentMs } = recordOf(test)
    emit({
      type: 'test.finished',
      test,
      verdict,
      ...(reason === undefined ? {} : { reason }),
      attempts: outcomes.length,
      durationMs: spentMs,
    })
    if (verdict === 'failed' && failFast) stopped = true
  }
  for (const { test, expectation } of plan.tests) {
    if (expectation.kind === 'skip') finish(test, 'skipped', expectation.reason)
  }

  const runsAgain = (job: Job, test: string, outcome: Outcome, reached: Phase): boolean =>
    !signal.aborted &&
    (isSharedBootFailure(job, outcome, reached) || shouldRetry([...recordOf(test).counted, outcome], budget))
  const enqueue = (job: Job): void => {
    void queue.add(async () => await work(job))
  }
  const settle = (job: Job, result: AttemptResult): void => {
    const { ref, outcome, reached, reason, durationMs } = result
    const again = runsAgain(job, ref.test, outcome, reached)
    const { outcomes, counted, spentMs } = recordOf(ref.test)
    records.set(ref.test, {
      outcomes: [...outcomes, outcome],
      counted: isSharedBootFailure(job, outcome, reached) ? counted : [...counted, outcome],
      spentMs: spentMs + durationMs,
    })
    if (signal.aborted && outcome === 'infra') return
    const test = job.tests.find(({ name }) => name === ref.test)
    if (again && test !== undefined) enqueue(alone(test))
    else finish(ref.test, verdictOf(recordOf(ref.test).outcomes), reason)
  }
  const work = async (job: Job): Promise<void> => {
    if (signal.aborted || stopped) return
    try {
      using lease = await admission.acquire(costOf(job), signal)
      void lease
      if (stopped) return
      let apart = false
      const rest = await runJob({
        env,
        job,
        attemptNumber: (test) => recordOf(test).outcomes.length + 1,
        willRetry: (test, outcome, reached) => runsAgain(job, test, outcome, reached),
        onResult: (result) => {
          apart ||= isSharedBootFailure(job, result.outcome, result.reached)
          settle(job, result)
        },
      })
      if (rest.length === 0 || signal.aborted) return
      if (apart) for (const test of rest) enqueue(alone(test))
      else enqueue({ id: job.id, tests: rest, shared: rest.length > 1 })
    } catch (error) {
      if (signal.aborted) return
      emit({
        type: 'run.notice',
        level: 'warning',
        code: 'job-lost',
        message: `${job.id}: ${messageOf(error)}`,
      })
    }
  }
  for (const job of plan.jobs) enqueue(job)
  await queue.onIdle()
  saveDurations(new Map([...records].map(([test, { spentMs }]) => [`${env.target.name} ${test}`, spentMs])))
  return verdicts
}

const alone = (test: RegisteredTest): Job => ({ id: test.name, tests: [test], shared: false })

function isSharedBootFailure(job: Job, outcome: Outcome, reached: Phase): boolean {
  return job.shared && outcome === 'failed' && (reached === 'acquire' || reached === 'ready')
}

function costOf(job: Job): Cost {
  const { machines = 1, memoryMiB = 1024, cpus = 2 } = job.tests[0]?.requirements ?? {}
  // A test that boots machines by itself has at least one at a time.
  const count = Math.max(1, machines)
  return { memoryMiB: count * (memoryMiB + MACHINE_OVERHEAD_MIB), cpus: count * cpus }
}
