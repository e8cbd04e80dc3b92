// Which part of the tests one of several hosts runs, pure. It depends on nothing but the tests and the durations that are
// handed in: hosts that are told the same agree, whatever else each knows.

import { ORDINARY_TEST_MS } from './estimate.ts'
import { bootKey } from './group.ts'
import type { RegisteredTest } from '../registry.ts'

export interface Shard {
  /** From 1 to `count`. */
  readonly index: number
  readonly count: number
}

export interface ShardOptions {
  readonly shard: Shard
  /** Milliseconds a test took before, by name, the same for all shards; without any, requirements decide. */
  readonly durationMs?: ((test: string) => number | undefined) | undefined
  /** Tests that will not run; they are dealt out too, so that each is in one shard. */
  readonly isSkipped?: ((test: RegisteredTest) => boolean) | undefined
}

/** Tests that stay together, in order of name. */
interface Unit {
  readonly id: string
  readonly tests: readonly RegisteredTest[]
  readonly weight: number
}

/** What a boot counts, beside an ordinary test of a forked machine; between what it is with KVM and without. */
const BOOT_MS = 30_000

/**
 * The tests of one shard, in the order given. Over all shards each test is there exactly once. Balanced by the longest
 * processing time: the heaviest unit first, each to the shard that has least. Tests that begin with the same boot stay
 * together, unless they are more than a fair share; those of a serial group always do.
 */
export function shardTests(
  tests: readonly RegisteredTest[],
  options: ShardOptions,
): readonly RegisteredTest[] {
  const { shard, durationMs = () => undefined, isSkipped = () => false } = options
  const known = tests
    .map(({ name }) => durationMs(name))
    .filter((ms) => ms !== undefined)
    .toSorted((a, b) => a - b)
  // A test that nobody has timed is taken for an ordinary one.
  const ordinaryMs = known[Math.floor(known.length / 2)] ?? ORDINARY_TEST_MS
  const weigh = (test: RegisteredTest): number =>
    isSkipped(test) ? 0 : (durationMs(test.name) ?? ordinaryMs * Math.max(1, test.requirements.machines ?? 1))
  const unitOf = (id: string, members: readonly RegisteredTest[]): Unit => {
    const weight = members.reduce((sum, test) => sum + weigh(test), 0)
    return { id, tests: members, weight: weight === 0 ? 0 : weight + BOOT_MS }
  }
  const byName = tests.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const whole = [...Map.groupBy(byName, bootKey)].map(([, members]) =>
    unitOf(members[0]?.name ?? '', members),
  )
  const fair = whole.reduce((sum, { weight }) => sum + weight, 0) / shard.count
  const units = whole.flatMap((unit) =>
    split(unit, fair, weigh).map((part) => unitOf(part[0]?.name ?? '', part)),
  )
  const loads = Array.from({ length: shard.count }, () => ({ weight: 0, count: 0 }))
  const mine = new Set<RegisteredTest>()
  const heaviestFirst = units.toSorted((a, b) => b.weight - a.weight || (a.id < b.id ? -1 : 1))
  for (const unit of heaviestFirst) {
    const least = loads.reduce((best, load) =>
      load.weight < best.weight || (load.weight === best.weight && load.count < best.count) ? load : best,
    )
    least.weight += unit.weight
    least.count += unit.tests.length
    if (loads.indexOf(least) === shard.index - 1) for (const test of unit.tests) mine.add(test)
  }
  return tests.filter((test) => mine.has(test))
}

/** Cuts a unit that is more than a fair share, by name, into parts of about one weight; a serial group is never cut. */
function split(
  { tests, weight }: Unit,
  fair: number,
  weigh: (test: RegisteredTest) => number,
): readonly (readonly RegisteredTest[])[] {
  if (weight <= fair || tests.some(({ serial }) => serial !== undefined)) return [tests]
  const whole = tests.reduce((sum, test) => sum + weigh(test), 0)
  const most = whole / Math.ceil(weight / fair)
  const parts: RegisteredTest[][] = []
  let room = 0
  for (const test of tests) {
    const part = parts.at(-1)
    if (part === undefined || weigh(test) > room) {
      parts.push([test])
      room = most - weigh(test)
    } else {
      part.push(test)
      room -= weigh(test)
    }
  }
  return parts
}
