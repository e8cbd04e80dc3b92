import { expect, it } from 'vitest'
import type { RegisteredTest } from '../registry.ts'
import type { Requirements } from '../requirements.ts'
import { estimateTest, guessesFor, type KnownDuration, type TestDurations } from './estimate.ts'
import { forecast, type ForecastPart, type ForeseenJob } from './forecast.ts'
import { coldJob, type Job } from './group.ts'

const testOf = (name: string, requirements: Requirements = {}): RegisteredTest => ({
  name,
  requirements,
  body: () => undefined,
  location: { file: 'a.ts', line: 1, column: 1 },
})
const boot = (name: string, requirements: Requirements = {}): ForeseenJob => ({
  job: coldJob(testOf(name, requirements)),
  origin: 'boot',
  seeds: 0,
})
const several = (names: readonly string[], change: Partial<Job>, requirements: Requirements = {}): Job => {
  const tests = names.map((name) => testOf(name, requirements))
  return { id: 'job', tests, sources: tests, shared: false, forks: true, initrd: false, ...change }
}
const guesses = { testMs: 5, bootMs: 100, forkMs: 2 }
const capacity = { memoryMiB: 4096, cpus: 8 }
const durationsOf = (known: KnownDuration = () => undefined): TestDurations => ({
  recordedMs: known,
  expectedMs: known,
})
const partOf = (jobs: readonly ForeseenJob[], change: Partial<ForecastPart> = {}): ForecastPart => ({
  jobs,
  most: 8,
  guesses,
  durations: durationsOf(),
  slowness: 1,
  ...change,
})
const play = async (jobs: readonly ForeseenJob[], change: Partial<ForecastPart> = {}) => {
  const { order, ...numbers } = await forecast({ parts: [partOf(jobs, change)], capacity })
  return { ...numbers, order: order.map(({ id }) => id) }
}

it('takes what was recorded as it is, and says of a guess that it is one', () => {
  const known = (name: string): number | undefined => (name === 'known' ? 30 : undefined)
  expect(estimateTest(testOf('known'), durationsOf(known), guesses, 100)).toEqual({
    ms: 30,
    from: 'recorded',
  })
  expect(estimateTest(testOf('new'), durationsOf(known), guesses, 100)).toEqual({ ms: 105, from: 'guess' })
  expect(guessesFor(8)).toEqual({ testMs: 5000, bootMs: 120_000, forkMs: 2000 })
})

it.each<[string, readonly ForeseenJob[], Partial<ForecastPart>, object]>([
  ['nothing', [], {}, { durationMs: 0, machines: 0, peakMachines: 0, peakMemoryMiB: 0, order: [] }],
  [
    'boots beside each other',
    [boot('a'), boot('b')],
    {},
    { durationMs: 105, machines: 2, peakMachines: 2, peakMemoryMiB: 2348 },
  ],
  ['boots in one slot', [boot('a'), boot('b')], { most: 1 }, { durationMs: 210, peakMachines: 1 }],
  [
    'boots that memory keeps apart',
    [boot('a', { memoryMiB: 3000 }), boot('b', { memoryMiB: 3000 })],
    {},
    { durationMs: 210, peakMachines: 1, peakMemoryMiB: 3150 },
  ],
  [
    'boots that CPUs keep apart',
    [boot('a', { cpus: 5 }), boot('b', { cpus: 5 })],
    {},
    { durationMs: 210, peakMachines: 1 },
  ],
  [
    'the longest first',
    [boot('short'), boot('long')],
    { most: 1, durations: durationsOf((test) => (test === 'long' ? 300 : 200)) },
    { durationMs: 500, order: ['long', 'short'] },
  ],
  [
    'a template that is built, then forks',
    [{ job: several(['a', 'b', 'c'], {}), origin: 'build', seeds: 1 }],
    {},
    { durationMs: 107, machines: 4, peakMachines: 3, peakMemoryMiB: 1174 },
  ],
  [
    'a template that is there',
    [{ job: several(['a', 'b', 'c'], {}), origin: 'fork', seeds: 0 }],
    {},
    { durationMs: 7, machines: 3, peakMachines: 3, peakMemoryMiB: 1057 },
  ],
  [
    'a cluster that is saved as one',
    [{ job: several(['a'], {}, { machines: 3, memoryMiB: 512 }), origin: 'build', seeds: 3 }],
    {},
    { durationMs: 107, machines: 6, peakMachines: 3, peakMemoryMiB: 1986 },
  ],
  [
    'one boot for tests in turn',
    [{ job: several(['a', 'b', 'c'], { shared: true, forks: false }), origin: 'boot', seeds: 0 }],
    {},
    { durationMs: 115, machines: 1, peakMachines: 1, peakMemoryMiB: 1174 },
  ],
  [
    'one clone for tests in turn',
    [
      {
        job: several(['a', 'b'], { shared: true }, { exclusive: false, oneMachine: true }),
        origin: 'build',
        seeds: 1,
      },
    ],
    {},
    { durationMs: 112, machines: 2, peakMachines: 1 },
  ],
  ['repetitions', [boot('a')], { repeat: 3 }, { durationMs: 210, machines: 3, peakMachines: 2 }],
])('%s', async (_, jobs, change, expected) => {
  expect(await play(jobs, change)).toMatchObject(expected)
})

it('plays the jobs of several targets on one host: one budget, the longest of all first, a template once', async () => {
  const slow = partOf([boot('slow')], { durations: durationsOf(() => 400), most: 2 })
  const quick = partOf([boot('a'), boot('b'), boot('c')], { durations: durationsOf(() => 100), most: 2 })
  const { order, ...took } = await forecast({ parts: [quick, slow], capacity })
  expect(order.map(({ id }) => id)).toEqual(['slow', 'a', 'b', 'c'])
  expect(took).toMatchObject({ durationMs: 400, machines: 4, peakMachines: 2 })
  const forks = (template: string): ForeseenJob => ({
    job: several(['x'], {}),
    origin: 'build',
    seeds: 1,
    template,
  })
  const shared = await forecast({ parts: [partOf([forks('t1')]), partOf([forks('t1')])], capacity })
  const apart = await forecast({ parts: [partOf([forks('t1')]), partOf([forks('t2')])], capacity })
  expect([shared.machines, apart.machines]).toEqual([3, 4])
})

it('begins with the slower machines where nothing is known', async () => {
  const quick = partOf([boot('quick')], { most: 1 })
  const slow = partOf([boot('slow')], { most: 1, slowness: 8 })
  const { order } = await forecast({ parts: [quick, slow], capacity })
  expect(order.map(({ id }) => id)).toEqual(['slow', 'quick'])
})
