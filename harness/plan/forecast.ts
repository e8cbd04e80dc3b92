// What a plan comes to: the real schedule with the real costs, played through on a clock that stands for the expected
// durations. Nothing fails in it, so that there are no retries. Starts nothing.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { memoryOf, openCosts, type Costs } from './cost.ts'
import { estimateTest, weightOf, type Guesses, type TestDurations } from './estimate.ts'
import { coldJob, isOneMachine, jobOf, type Job } from './group.ts'
import { openLane } from './lane.ts'
import { openSchedule, type Clock, type Cost } from './schedule.ts'
import type { RegisteredTest } from '../registry.ts'

/** A job, and how its machines come to be. */
export interface ForeseenJob {
  readonly job: Job
  /** `build`: booted once and saved, then forked. */
  readonly origin: 'fork' | 'build' | 'boot'
  /** Machines that are booted to be saved. */
  readonly seeds: number
  /** What they are saved as: who comes second to a template finds it. Default: nobody else makes it. */
  readonly template?: string
}

/** The jobs of one target. */
export interface ForecastPart {
  readonly jobs: readonly ForeseenJob[]
  /** Most of its jobs at once. */
  readonly most: number
  readonly durations: TestDurations
  readonly guesses: Guesses
  readonly slowness: number
  /** How often each test runs. Default 1. */
  readonly repeat?: number | undefined
}

export interface ForecastOptions {
  /** Of all targets that share the host. */
  readonly parts: readonly ForecastPart[]
  readonly capacity: Cost
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
export async function forecast({ parts, capacity }: ForecastOptions): Promise<Forecast> {
  const clock = openVirtualClock()
  const slots = Math.max(1, ...parts.map(({ most }) => most))
  const schedule = openSchedule({ slots, capacity, clock })
  const order = new Set<Job>()
  const never = new AbortController().signal
  const templates = new Set<string>()
  let machines = 0
  const atOnce = { machines: openPeak(), memoryMiB: openPeak() }
  const perform = async ({ of, phases }: Step, add: (step: Step) => void): Promise<void> => {
    order.add(of)
    for (const phase of phases) {
      machines += phase.machines
      atOnce.machines.change(phase.machines)
      atOnce.memoryMiB.change(phase.memoryMiB)
      await clock.sleep(phase.ms, never)
      atOnce.machines.change(-phase.machines)
      atOnce.memoryMiB.change(-phase.memoryMiB)
      for (const next of phase.after ?? []) add(next)
    }
  }
  const adderOf = (part: ForecastPart, costs: Costs): ((step: Step) => void) => {
    const { durations, most, slowness } = part
    const lane = openLane({
      schedule,
      most,
      onError: (error) => {
        throw error
      },
    })
    const add = (step: Step): void => {
      const { job } = step
      const run = async (): Promise<void> => await perform(step, add)
      lane.add({ id: job.id, cost: costs.of(job), weightMs: weightOf(job, durations, slowness), run })
    }
    return add
  }
  for (const part of parts) {
    const add = adderOf(part, openCosts())
    for (const each of part.jobs) {
      const isThere = each.template !== undefined && templates.has(each.template)
      if (each.template !== undefined) templates.add(each.template)
      for (const step of stepsOf(isThere ? { ...each, seeds: 0 } : each, part)) add(step)
    }
  }
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
function stepsOf({ job, origin, seeds }: ForeseenJob, part: ForecastPart): readonly Step[] {
  const { guesses, durations, repeat = 1 } = part
  const [first, ...others] = job.tests
  if (first === undefined) return []
  const machines = machinesOf(first)
  const acquireMs = origin === 'boot' ? guesses.bootMs : guesses.forkMs
  const isOne = isOneMachine(job) || (origin === 'boot' && job.shared)
  const how = origin === 'boot' || isOne ? 'boot' : 'fork'
  const attempt = (test: RegisteredTest, ms = acquireMs): Phase => ({
    machines: machinesOf(test),
    memoryMiB: memoryOf(test, how),
    ms: estimateTest(test, durations, guesses, ms).ms,
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
