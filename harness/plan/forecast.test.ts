import { expect, it } from 'vitest'
import type { RegisteredTest } from '../registry.ts'
import type { Requirements } from '../requirements.ts'
import { estimateTest, guessesFor } from './estimate.ts'
import { forecast, type ForecastOptions, type ForeseenJob } from './forecast.ts'
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
const play = async (jobs: readonly ForeseenJob[], change: Partial<ForecastOptions> = {}) => {
  const capacity = { memoryMiB: 4096, cpus: 8 }
  const options = { jobs, slots: 8, capacity, guesses, knownDurationMs: () => undefined, ...change }
  const { order, ...numbers } = await forecast(options)
  return { ...numbers, order: order.map(({ id }) => id) }
}

it('takes what was recorded as it is, and says of a guess that it is one', () => {
  const known = (name: string): number | undefined => (name === 'known' ? 30 : undefined)
  expect(estimateTest(testOf('known'), known, guesses, 100)).toEqual({ ms: 30, from: 'recorded' })
  expect(estimateTest(testOf('new'), known, guesses, 100)).toEqual({ ms: 105, from: 'guess' })
  expect(guessesFor(8)).toEqual({ testMs: 5000, bootMs: 120_000, forkMs: 2000 })
})

it.each<[string, readonly ForeseenJob[], Partial<ForecastOptions>, object]>([
  ['nothing', [], {}, { durationMs: 0, machines: 0, peakMachines: 0, peakMemoryMiB: 0, order: [] }],
  [
    'boots beside each other',
    [boot('a'), boot('b')],
    {},
    { durationMs: 105, machines: 2, peakMachines: 2, peakMemoryMiB: 2348 },
  ],
  ['boots in one slot', [boot('a'), boot('b')], { slots: 1 }, { durationMs: 210, peakMachines: 1 }],
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
    { slots: 1, knownDurationMs: (test) => (test === 'long' ? 300 : 200) },
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
