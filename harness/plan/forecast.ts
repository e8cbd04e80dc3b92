// What a plan comes to: the real schedule with the real costs, played through on a clock that stands for the expected
// durations. Nothing fails in it, so that there are no retries. Starts nothing.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { memoryOf, openCosts } from './cost.ts'
import { estimateTest, weightOf, type Guesses, type KnownDuration } from './estimate.ts'
import { coldJob, isOneMachine, jobOf, type Job } from './group.ts'
import { openSchedule, type Clock, type Cost } from './schedule.ts'
import type { RegisteredTest } from '../registry.ts'

/** A job, and how its machines come to be. */
export interface ForeseenJob {
  readonly job: Job
  /** `build`: booted once and saved, then forked. */
  readonly origin: 'fork' | 'build' | 'boot'
  /** Machines that are booted to be saved. */
  readonly seeds: number
}

export interface ForecastOptions {
  readonly jobs: readonly ForeseenJob[]
  readonly slots: number
  readonly capacity: Cost
  readonly knownDurationMs: KnownDuration
  readonly guesses: Guesses
  /** How often each test runs. Default 1. */
  readonly repeat?: number | undefined
}

export interface Forecast {
  readonly durationMs: number
  /** Machines that are started in all: boots of templates, boots and clones. */
  readonly machines: number
  readonly peakMachines: number
  /** The highest sum of what machines that run at once are taken to use. */
  readonly peakMemoryMiB: number
  /** The jobs in the order in which their first machine starts. */
  readonly order: readonly Job[]
}

/** Something that takes a slot of the schedule. */
interface Step {
  /** What it is scheduled and priced as. */
  readonly job: Job
  readonly of: Job
  readonly phases: readonly Phase[]
}

interface Phase {
  readonly machines: number
  readonly memoryMiB: number
  readonly ms: number
  /** What may start once it is over. */
  readonly after?: readonly Step[]
}

/** Plays the jobs through. */
export async function forecast(options: ForecastOptions): Promise<Forecast> {
  const { jobs, slots, capacity, knownDurationMs } = options
  const clock = openVirtualClock()
  const costs = openCosts()
  const schedule = openSchedule({ slots, capacity, clock })
  const order = new Set<Job>()
  const never = new AbortController().signal
  let machines = 0
  const atOnce = { machines: openPeak(), memoryMiB: openPeak() }
  const add = (step: Step): void => {
    const { job, phases } = step
    schedule.add({
      id: job.id,
      cost: costs.of(job),
      weightMs: weightOf(job, knownDurationMs),
      async run() {
        order.add(step.of)
        for (const phase of phases) {
          machines += phase.machines
          atOnce.machines.change(phase.machines)
          atOnce.memoryMiB.change(phase.memoryMiB)
          await clock.sleep(phase.ms, never)
          atOnce.machines.change(-phase.machines)
          atOnce.memoryMiB.change(-phase.memoryMiB)
          for (const next of phase.after ?? []) add(next)
        }
      },
    })
  }
  for (const each of jobs) for (const step of stepsOf(each, options)) add(step)
  await nextTurn()
  while (schedule.running + schedule.waiting > 0 && clock.advance()) await nextTurn()
  return {
    durationMs: clock.now(),
    machines,
    peakMachines: atOnce.machines.peak(),
    peakMemoryMiB: Math.round(atOnce.memoryMiB.peak()),
    order: [...order],
  }
}

/** What a job is begun with; the rest follows from it, as it does in a run. */
function stepsOf({ job, origin, seeds }: ForeseenJob, options: ForecastOptions): readonly Step[] {
  const { guesses, knownDurationMs, repeat = 1 } = options
  const [first, ...others] = job.tests
  if (first === undefined) return []
  const machines = machinesOf(first)
  const acquireMs = origin === 'boot' ? guesses.bootMs : guesses.forkMs
  const isOne = isOneMachine(job) || (origin === 'boot' && job.shared)
  const how = origin === 'boot' || isOne ? 'boot' : 'fork'
  const attempt = (test: RegisteredTest, ms = acquireMs): Phase => ({
    machines: machinesOf(test),
    memoryMiB: memoryOf(test, how),
    ms: estimateTest(test, knownDurationMs, guesses, ms).ms,
  })
  const repeated = (test: RegisteredTest, times: number): readonly Step[] =>
    Array.from({ length: times }, () => ({
      job: origin === 'boot' ? coldJob(test) : jobOf(test, job),
      of: job,
      phases: [attempt(test)],
    }))
  const again = repeated(first, repeat - 1)
  const seedMiB = (memoryOf(first, 'boot') / machines) * seeds
  const seeding: readonly Phase[] =
    origin === 'build' ? [{ machines: seeds, memoryMiB: seedMiB, ms: guesses.bootMs }] : []
  // On the same machines, one after the other.
  if (isOne) {
    const ms = job.tests.reduce((sum, test, index) => sum + attempt(test, index === 0 ? acquireMs : 0).ms, 0)
    return [{ job, of: job, phases: [...seeding, { ...attempt(first), ms, after: again }] }]
  }
  const rest = others.flatMap((test) => repeated(test, repeat))
  // The others wait for the first to make the template, or to find that none can be had.
  const seeded = seeding.map((phase) => ({ ...phase, after: rest }))
  const own = { ...attempt(first), after: again }
  return [{ job, of: job, phases: [...seeded, own] }, ...(seeded.length === 0 ? rest : [])]
}

/** How many machines a test is given; one that boots them itself has one at a time, as far as anybody knows. */
export function machinesOf({ requirements }: Pick<RegisteredTest, 'requirements'>): number {
  return Math.max(1, requirements.machines ?? 1)
}

interface VirtualClock extends Clock {
  /** Goes on to when somebody wakes; false when nobody sleeps. */
  advance(): boolean
}

function openVirtualClock(): VirtualClock {
  let nowMs = 0
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>()
  return {
    now: () => nowMs,
    async sleep(ms) {
      const { promise, resolve } = Promise.withResolvers<void>()
      sleepers.add({ atMs: nowMs + ms, wake: resolve })
      await promise
    },
    advance() {
      if (sleepers.size === 0) return false
      nowMs = [...sleepers].reduce((least, { atMs }) => Math.min(least, atMs), Infinity)
      for (const sleeper of sleepers) {
        if (sleeper.atMs > nowMs) continue
        sleepers.delete(sleeper)
        sleeper.wake()
      }
      return true
    },
  }
}

function openPeak() {
  let now = 0
  let most = 0
  return {
    change: (by: number): void => {
      now += by
      most = Math.max(most, now)
    },
    peak: () => most,
  }
}
