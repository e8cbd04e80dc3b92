// `npm run bench:schedule`: the real scheduler on a virtual clock, with 20,000 tests of recorded-like
// durations over 200 workers. Says how close the run comes to the shortest possible, and what the scheduler costs.

import { openSchedule, type Cost } from '../plan/schedule.ts'
import type { Benchmark } from './figure.ts'
import { openRandom } from './random.ts'
import { openVirtualClock, type VirtualClock } from './virtual-clock.ts'

const WORKERS = 200
const TESTS = 20_000
const TEMPLATES = 8
/** The worst of these counts. */
const SEEDS = [1, 2, 3]

const machine: Cost = { memoryMiB: 1174, cpus: 2 }
/** What a fork of a template holds for itself, once measured. */
const forkedMachine: Cost = { memoryMiB: 300, cpus: 2 }
/** Room for a machine on each worker and a half more, for the tests that need several. */
const capacity: Cost = { memoryMiB: WORKERS * machine.memoryMiB * 1.5, cpus: WORKERS * machine.cpus * 1.5 }

interface SimulatedTest {
  readonly id: string
  readonly durationMs: number
  /** What an earlier run recorded: the duration, up to 25 % off. */
  readonly estimateMs: number
  readonly machines: number
  /** Index of the template it forks; undefined for a cold boot. */
  readonly template: number | undefined
}

interface Simulation {
  readonly makespanMs: number
  readonly cpuMs: number
}

/** How much longer the simulated run takes than the shortest possible. */
export const scheduleMakespan: Benchmark = {
  name: 'schedule-makespan-ratio',
  unit: 'x',
  better: 'lower',
  n: 1,
  help: `simulated run of ${TESTS} tests over ${WORKERS} workers over its lower bound, the worst of ${SEEDS.length} seeds`,
  asked: { atMost: 1.05 },
  async sample(report) {
    const ratios: number[] = []
    for (const seed of SEEDS) {
      const tests = makeTests(seed)
      const { makespanMs } = await simulate(tests)
      const boundMs = lowerBoundMs(tests)
      ratios.push(makespanMs / boundMs)
      report(
        `  seed ${seed}: ${(makespanMs / 1000).toFixed(0)} s, lower bound ${(boundMs / 1000).toFixed(0)} s`,
      )
    }
    return Math.max(...ratios)
  },
}

/** What the scheduler, and the simulation around it, cost the host. */
export const scheduleCost: Benchmark = {
  name: 'schedule-cost',
  unit: '%',
  better: 'lower',
  n: 3,
  help: 'CPU time of the simulated run per 1,000 tests, of one second of one core',
  asked: { atMost: 5 },
  async sample() {
    const { cpuMs } = await simulate(makeTests(SEEDS[0] ?? 1))
    return (cpuMs / (TESTS / 1000) / 1000) * 100
  },
}

/** Most tests run a few seconds on a forked machine, a tenth boots one, a few take 10 to 20 minutes. */
function makeTests(seed: number): readonly SimulatedTest[] {
  const random = openRandom(seed)
  const between = (low: number, high: number): number => low + (high - low) * random()
  const bootedSeconds = (): number => (random() < 0.02 ? between(600, 1200) : between(30, 200))
  // Log-normal: nine in ten between 1 and 5 s.
  const forkedSeconds = (): number => 2.2 * Math.exp(0.45 * normal(random))
  return Array.from({ length: TESTS }, (_, index): SimulatedTest => {
    const isForked = random() < 0.9
    const durationMs = 1000 * (isForked ? forkedSeconds() : bootedSeconds())
    return {
      id: `test-${index}`,
      durationMs,
      estimateMs: durationMs * between(0.75, 1.25),
      machines: random() < 0.03 ? 3 : 1,
      template: isForked ? Math.floor(random() * TEMPLATES) : undefined,
    }
  })
}

/** No run is shorter than its longest test, nor than an even share of all the work. */
function lowerBoundMs(tests: readonly SimulatedTest[]): number {
  const durations = tests.map(({ durationMs }) => durationMs)
  return Math.max(durations.reduce((sum, ms) => sum + ms, 0) / WORKERS, ...durations)
}

/** Runs the tests through the scheduler. Throws when one is lost or too many run at once. */
async function simulate(tests: readonly SimulatedTest[]): Promise<Simulation> {
  const before = process.cpuUsage()
  const clock = openVirtualClock()
  const errors: unknown[] = []
  const schedule = openSchedule({
    slots: WORKERS,
    capacity,
    clock,
    onError: (error) => errors.push(error),
  })
  // The templates are booted while the longest tests run, one after the other.
  const templates = Array.from({ length: TEMPLATES }, (_, index) => clock.sleep((index + 1) * 15_000))
  let done = 0
  let most = 0
  for (const test of tests) {
    const { id, estimateMs, machines, template } = test
    schedule.add({
      id,
      cost: times(machine, machines),
      weightMs: estimateMs,
      gate: template === undefined ? undefined : templates[template],
      run: async (lease) => {
        most = Math.max(most, schedule.running)
        await pretend(test, clock, () => lease.resize(times(forkedMachine, machines)))
        done += 1
      },
    })
  }
  await clock.run()
  const { user, system } = process.cpuUsage(before)
  // Not onIdle(): a schedule that lost a test would never get there.
  if (done !== tests.length || most > WORKERS) {
    const counts = `${done} of ${tests.length} tests, up to ${most} at once on ${WORKERS} workers`
    throw new Error(`the schedule ran ${counts}`, { cause: errors[0] })
  }
  return { makespanMs: clock.now(), cpuMs: (user + system) / 1000 }
}

/** What a forked machine really holds is known soon after it runs. */
async function pretend(test: SimulatedTest, clock: VirtualClock, measured: () => void): Promise<void> {
  const firstMs = test.template === undefined ? 0 : Math.min(500, test.durationMs)
  if (firstMs > 0) {
    await clock.sleep(firstMs)
    measured()
  }
  await clock.sleep(test.durationMs - firstMs)
}

const times = (cost: Cost, count: number): Cost => ({
  memoryMiB: cost.memoryMiB * count,
  cpus: cost.cpus * count,
})

/** A standard normal number (Box and Muller). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
