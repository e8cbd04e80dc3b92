// A run that is not run: the very plan that it would have, where the machines of each test would come from, and what all of
// it takes. Opens the platform, because only that knows what the host can give; boots nothing and writes no results.

import type { DescribingEnvironment } from './attempt/acquire.ts'
import { foreseeFork, type Foreseen } from './attempt/foresee-fork.ts'
import type { Emit } from './events.ts'
import type { ImageIdentity, KnownFailure, Target } from './model.ts'
import { memoryOf } from './plan/cost.ts'
import { requireAffordable } from './plan/cost-limit.ts'
import { estimateTest, guessesFor, type Estimate, type Guesses, type TestDurations } from './plan/estimate.ts'
import { forecast, type Forecast, type ForecastPart } from './plan/forecast.ts'
import { isOneMachine, whyBooted, type Job } from './plan/group.ts'
import type { Shard } from './plan/shard.ts'
import { planRun, readCandidates, type PlannedRun, type PlanningOptions } from './plan-run.ts'
import type { RegisteredTest } from './registry.ts'
import { loadSshKey } from './ssh/index.ts'

/** How the machines of a job's tests come to be. `boot` says why they are not forked. */
export type Acquisition = Foreseen

/** Tests that begin with the same machines. */
export interface PreviewJob {
  /** As in the events of a run: the name of its only test, or `shared-<n>`, `template-<n>`. */
  readonly job: string
  readonly machines: Acquisition
  /** `shared`: one after the other on the same machines; `apart`: each on machines of its own. */
  readonly tests: 'shared' | 'apart'
  readonly members: readonly PreviewTest[]
}

export interface PreviewTest {
  readonly test: string
  /** Machines it is given; 0 when it boots them itself. */
  readonly machines: number
  /** What its machines together are taken to use: all they may for a boot, a part of it for clones. */
  readonly memoryMiB: number
  /** Of one attempt, milliseconds; a guess holds the acquiring of its machines. */
  readonly estimate: Estimate
  readonly knownFailure?: KnownFailure
}

/** What one target of a run would do. */
export interface RunPreview {
  readonly target: Target
  readonly image: ImageIdentity
  /** Of the plan; a run of it has the same. */
  readonly digest: string
  readonly shard?: Shard
  /** How often each test is run. */
  readonly repeat?: number
  /** Most jobs at once. */
  readonly slots: number
  readonly budget: { readonly memoryMiB: number; readonly cpus: number }
  /** Share of the forked tests, 0 to 1, that are also booted; not in the totals. */
  readonly auditForks: number
  /** In the order in which they start. */
  readonly jobs: readonly PreviewJob[]
  readonly skipped: readonly { readonly test: string; readonly reason: string }[]
  readonly totals: {
    readonly tests: number
    /** Machines started in all, templates included. */
    readonly machines: number
    readonly peakMachines: number
    readonly peakMemoryMiB: number
    /** Expected duration without retries. */
    readonly durationMs: number
    /** US dollars at the most, without retries; null where nobody knows, absent where machines cost nothing. */
    readonly costUsd?: number | null
    /** How many tests' durations were recorded, were recorded on another target, and are guesses. */
    readonly recorded: number
    readonly lent: number
    readonly guessed: number
  }
  /** Whose durations were lent, and by what they were multiplied; absent: nobody's. */
  readonly lender?: { readonly target: string; readonly factor: number }
  /** What guesses are made of, milliseconds. */
  readonly guesses: Guesses
}

export interface PreviewOptions extends PlanningOptions {
  readonly emit: Emit
  readonly shard: Shard | undefined
  readonly auditForks: number
}

/** A preview, and what it takes to play it together with others that share the host. */
export interface ForeseenRun {
  readonly preview: RunPreview
  readonly part: ForecastPart
}

/** Plans as a run does. Throws what makes a run impossible. */
export async function previewRun(options: PreviewOptions): Promise<RunPreview> {
  return (await foreseeRun(options)).preview
}

/** The same, for whoever plans several targets. */
export async function foreseeRun(options: PreviewOptions): Promise<ForeseenRun> {
  const { platform, image, emit, signal, target, repeat, shard } = options
  const candidates = await readCandidates(options)
  const { settings = new Map(), limits = {} } = options
  await using session = await platform.open({ image, emit, signal, settings, limits })
  const planned = planRun(options, session, candidates)
  const { plan, most, slowness, grouping, cost, durations, lent } = planned
  requireAffordable(cost, limits.maxCost)
  const env: DescribingEnvironment = { ...options, session, sshKey: loadSshKey() }
  const foreseen = await Promise.all(
    plan.jobs.map(async (job) => ({ job, machines: await foresee(env, job, grouping) })),
  )
  const guesses = guessesFor(slowness)
  const part: ForecastPart = {
    jobs: foreseen.map(({ job, machines }) => ({
      job,
      origin: machines.kind,
      // Jobs with the same template boot it once.
      ...(machines.kind === 'build' ? { seeds: machines.seeds, template: machines.template } : { seeds: 0 }),
    })),
    most,
    durations,
    guesses,
    slowness,
    repeat,
  }
  const { order, ...took } = await forecast({ parts: [part], capacity: session.budget })
  const known = new Map(plan.tests.map(({ test, knownFailure }) => [test, knownFailure]))
  const jobs = foreseen
    .toSorted((a, b) => order.indexOf(a.job) - order.indexOf(b.job))
    .map(({ job, machines }) => describeJob(job, machines, { known, durations, guesses }))
  const estimates = jobs.flatMap(({ members }) => members.map(({ estimate }) => estimate.from))
  const count = (wanted: Estimate['from']): number => estimates.filter((from) => from === wanted).length
  const preview: RunPreview = {
    target,
    image: image.identity,
    digest: plan.digest,
    ...(shard === undefined ? {} : { shard }),
    ...(repeat === undefined ? {} : { repeat }),
    slots: most,
    budget: session.budget,
    auditForks: options.auditForks,
    jobs,
    skipped: plan.tests.flatMap(({ test, expectation }) =>
      expectation.kind === 'skip' ? [{ test, reason: expectation.reason }] : [],
    ),
    totals: {
      tests: estimates.length,
      ...took,
      ...(cost === 0 ? {} : { costUsd: cost ?? null }),
      recorded: count('recorded'),
      lent: count('lent'),
      guessed: count('guess'),
    },
    guesses,
    ...(lent === undefined ? {} : { lender: { target: lent.target, factor: lent.factor } }),
  }
  return { preview, part }
}

/** What several targets come to that run at the same time, as those of one command do. */
export type TogetherForecast = Omit<Forecast, 'order'>

/** Plays them together: targets of one platform share its host, and platforms do not wait for each other. */
export async function forecastTogether(runs: readonly ForeseenRun[]): Promise<TogetherForecast> {
  const rooms = Map.groupBy(runs, ({ preview }) => preview.target.platform)
  const each = await Promise.all(
    [...rooms.values()].map(async (members) => {
      // As the run takes it: that of the target that comes first.
      const capacity = members[0]?.preview.budget ?? { memoryMiB: 0, cpus: 0 }
      return await forecast({ parts: members.map(({ part }) => part), capacity })
    }),
  )
  const sum = (of: (one: Forecast) => number): number => each.reduce((total, one) => total + of(one), 0)
  return {
    durationMs: Math.max(0, ...each.map(({ durationMs }) => durationMs)),
    machines: sum(({ machines }) => machines),
    peakMachines: sum(({ peakMachines }) => peakMachines),
    peakMemoryMiB: sum(({ peakMemoryMiB }) => peakMemoryMiB),
  }
}

async function foresee(
  env: DescribingEnvironment,
  job: Job,
  grouping: PlannedRun['grouping'],
): Promise<Acquisition> {
  if (job.forks) return await foreseeFork(env, job)
  const none = env.session.forks === undefined ? 'the platform has no forks' : '--no-fork'
  const reasons = job.tests.map((test) => (grouping.forks ? whyBooted(test, grouping) : none) ?? none)
  return { kind: 'boot', reason: [...new Set(reasons)].join('; ') }
}

interface Described {
  readonly known: ReadonlyMap<string, KnownFailure | undefined>
  readonly durations: TestDurations
  readonly guesses: Guesses
}

function describeJob(job: Job, machines: Acquisition, { known, durations, guesses }: Described): PreviewJob {
  const shared = isOneMachine(job) || (job.shared && machines.kind === 'boot')
  const forked = machines.kind !== 'boot'
  const describe = (test: RegisteredTest, index: number): PreviewTest => {
    const acquireMs = shared && index > 0 ? 0 : forked ? guesses.forkMs : guesses.bootMs
    const knownFailure = known.get(test.name)
    return {
      test: test.name,
      machines: test.requirements.machines ?? 1,
      memoryMiB: Math.round(memoryOf(test, forked && !shared ? 'fork' : 'boot')),
      estimate: estimateTest(test, durations, guesses, acquireMs),
      ...(knownFailure === undefined ? {} : { knownFailure }),
    }
  }
  return { job: job.id, machines, tests: shared ? 'shared' : 'apart', members: job.tests.map(describe) }
}
