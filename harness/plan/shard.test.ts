import { describe, expect, it } from 'vitest'
import type { RegisteredTest } from '../registry.ts'
import type { Requirements } from '../requirements.ts'
import { shardTests, type ShardOptions } from './shard.ts'

const make = (name: string, requirements: Requirements = {}, serial?: string): RegisteredTest => ({
  name,
  requirements,
  body: () => undefined,
  location: { file: 'a.ts', line: 1, column: 1 },
  ...(serial === undefined
    ? {}
    : { serial: { group: serial, index: 0, stopAtFirstFailure: true, boot: {} } }),
})
const first = { firstBoot: true }

/** All shards of a count, as names. */
function shards(
  tests: readonly RegisteredTest[],
  count: number,
  rest: Omit<ShardOptions, 'shard'> = {},
): readonly (readonly string[])[] {
  return Array.from({ length: count }, (_, at) =>
    shardTests(tests, { ...rest, shard: { index: at + 1, count } }).map(({ name }) => name),
  )
}

// mulberry32: the same numbers on every host.
function openRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

function randomTests(random: () => number): readonly RegisteredTest[] {
  const pick = <T>(...values: readonly [T, ...T[]]): T =>
    values[Math.floor(random() * values.length)] ?? values[0]
  return Array.from({ length: Math.floor(random() * 60) }, (_, index) =>
    make(
      `t${String(index).padStart(2, '0')}`,
      {
        machines: pick(0, 1, 1, 1, 3),
        memoryMiB: pick(1024, 2048),
        exclusive: pick(true, false),
        firstBoot: pick(true, false, false),
        tpm: pick(true, false, false),
        ignition: pick<NonNullable<Requirements['ignition']>>('{"ignition":{"version":"3.0.0"}}', {
          ignition: { version: '3.1.0' },
        }),
      },
      pick(undefined, undefined, undefined, 'upgrade', 'reset'),
    ),
  )
}

describe('whatever the tests, the counts and the durations', () => {
  it.each(Array.from({ length: 200 }, (_, seed) => seed))('every test is in one shard (seed %i)', (seed) => {
    const random = openRandom(seed)
    const tests = randomTests(random)
    const count = 1 + Math.floor(random() * 9)
    const known = new Map(
      tests.filter(() => random() < 0.6).map(({ name }) => [name, random() ** 4 * 1_000_000] as const),
    )
    const options = {
      durationMs: (name: string): number | undefined => known.get(name),
      isSkipped: ({ name }: RegisteredTest): boolean => name.endsWith('7'),
    }
    const parts = shards(tests, count, options)
    expect(parts.flat().toSorted()).toEqual(tests.map(({ name }) => name))
    // Which tests a host is asked about in what order is nobody's business.
    const reversed = shards(tests.toReversed(), count, options)
    expect(reversed.map((part) => part.toSorted())).toEqual(parts)
    for (const group of ['upgrade', 'reset']) {
      const members = tests.filter(({ serial }) => serial?.group === group).map(({ name }) => name)
      const hosts = parts.filter((part) => members.some((name) => part.includes(name)))
      expect(hosts.length).toBe(members.length === 0 ? 0 : 1)
    }
  })
})

it('balances by durations: no shard is longer than a third over an even share', () => {
  const tests = Array.from({ length: 40 }, (_, index) => make(`t${index}`, first))
  const durationMs = (name: string): number => 20_000 + 1000 * Number(name.slice(1)) ** 2
  const loads = shards(tests, 4, { durationMs }).map((part) =>
    part.reduce((sum, name) => sum + durationMs(name), 0),
  )
  const even = loads.reduce((sum, ms) => sum + ms, 0) / 4
  expect(Math.max(...loads) / even).toBeLessThan(4 / 3)
})

it('balances by what tests need when no durations are given', () => {
  const tests = [make('a', { ...first, machines: 16 }), ...'bcdef'.split('').map((name) => make(name, first))]
  expect(shards(tests, 2)).toEqual([
    ['a', 'f'],
    ['b', 'c', 'd', 'e'],
  ])
})

it('keeps tests of one boot together, until they are more than a fair share', () => {
  const boots = ['p', 'q', 'r', 's'].map((name) => make(name, first))
  const shared = (count: number): readonly RegisteredTest[] =>
    Array.from({ length: count }, (_, index) => make(`m${index}`, { exclusive: false }))
  const few = shards([...shared(5), ...boots], 3).filter((part) => part.some((name) => name.startsWith('m')))
  expect(few).toHaveLength(1)
  const many = shards([...shared(60), ...boots], 3).map(
    (part) => part.filter((name) => name.startsWith('m')).length,
  )
  expect(many.toSorted((a, b) => a - b)).toEqual([20, 20, 20])
})

it('puts a test that is added where its boot is', () => {
  const boots = Array.from({ length: 12 }, (_, index) => make(`b${index}`, { memoryMiB: 1024 + index }))
  const after = shards([...boots, make('b0-more', { memoryMiB: 1024 })], 3)
  const where = (parts: typeof after, name: string): number => parts.findIndex((part) => part.includes(name))
  expect(where(after, 'b0-more')).toBe(where(after, 'b0'))
})

it('deals out what is skipped without letting it weigh', () => {
  const tests = 'abcdefgh'.split('').map((name) => make(name, first))
  const isSkipped = ({ name }: RegisteredTest): boolean => name < 'e'
  const parts = shards(tests, 2, { isSkipped })
  expect(parts.map((part) => part.filter((name) => name >= 'e').length)).toEqual([2, 2])
})
