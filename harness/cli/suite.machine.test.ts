// Every OS test that can run on this host, on real machines: each on the first of these places that has what it needs. About three
// hours where machines are emulated, so it runs on demand (`npm run test:suite`).

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { FlavourName } from '../../qemu/image/flavours.ts'
import { buildReferenceImage } from '../../qemu/image/index.ts'
import type { EventOf, SignalboxEvent } from '../events.ts'
import { cacheFolder } from '../folders.ts'
import { createCliWorld } from './cli.test.fixture.ts'

interface Place {
  readonly flavour?: FlavourName
  readonly firmware: 'direct' | 'uefi' | 'uefi-secure'
  /** Subjects that run here too, though they have run elsewhere. */
  readonly also?: readonly string[]
}

const places: readonly Place[] = [
  { firmware: 'direct' },
  { firmware: 'direct', flavour: 'services' },
  { firmware: 'direct', flavour: 'storage' },
  { firmware: 'direct', flavour: 'wasm' },
  { firmware: 'uefi', also: ['boot.phases', 'boot.memory', 'boot.size', 'boot.journal-errors'] },
  { firmware: 'uefi', flavour: 'services' },
  { firmware: 'uefi', flavour: 'storage' },
  { firmware: 'uefi-secure', also: ['boot.order', 'boot.variables', 'security.secure-boot'] },
]

const world = createCliWorld({ cache: cacheFolder() })
afterAll(() => world[Symbol.dispose]())

const optionsOf = ({ flavour, firmware }: Place): readonly string[] => [
  '--firmware',
  firmware,
  ...(flavour === undefined ? [] : ['--flavour', flavour]),
]

interface Listed {
  readonly tests: readonly { readonly name: string; readonly skip: string | null }[]
}

/** Which tests run there, by the harness's own reasons. */
async function runnable(place: Place, globs: readonly string[] = []): Promise<readonly string[]> {
  const { exitCode, stdout, stderr } = await world.signalbox([
    'list',
    '--json',
    ...globs,
    ...optionsOf(place),
  ])
  expect(exitCode, stderr).toBe(0)
  return (JSON.parse(stdout) as Listed).tests.filter(({ skip }) => skip === null).map(({ name }) => name)
}

const given = new Set<string>()
const plan = new Map<Place, readonly string[]>()
for (const place of places) {
  const here = (await runnable(place)).filter((name) => !given.has(name))
  for (const name of here) given.add(name)
  const again = place.also === undefined ? [] : await runnable(place, place.also)
  plan.set(place, [...new Set([...here, ...again])])
}

/** Of all places: how many tests of each subject passed, and how long they took one after the other. */
const subjects = new Map<string, { passed: number; seconds: number }>()

it.each(places.map((place) => [optionsOf(place).join(' '), place] as const))(
  'every test that runs with %s passes',
  { timeout: 4 * 3_600_000 },
  async (_, place) => {
    const tests = plan.get(place) ?? []
    expect(tests).not.toEqual([])
    await buildReferenceImage(place.flavour === undefined ? {} : { flavour: place.flavour })
    const { exitCode, stdout, stderr } = await world.signalbox([
      'run',
      ...tests,
      ...optionsOf(place),
      '-j',
      '2',
    ])
    process.stdout.write(stdout)
    const events = readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as SignalboxEvent)
    // A name selects what is below it, too, whether it can run here or not.
    const finished = events.filter(
      (event): event is EventOf<'test.finished'> =>
        event.type === 'test.finished' && tests.includes(event.test),
    )
    const red = finished.filter(({ verdict }) => verdict !== 'passed')
    expect(
      red.map(({ test, verdict }) => `${test} ${verdict}`),
      stderr,
    ).toEqual([])
    expect(finished.map(({ test }) => test).toSorted()).toEqual(tests.toSorted())
    expect(exitCode, stderr).toBe(0)
    for (const { test, durationMs } of finished) {
      const subject = test.split('.')[0] ?? test
      const { passed, seconds } = subjects.get(subject) ?? { passed: 0, seconds: 0 }
      subjects.set(subject, { passed: passed + 1, seconds: seconds + durationMs / 1000 })
    }
  },
)

it('has run them all', () => {
  const lines = [...subjects].map(
    ([subject, { passed, seconds }]) =>
      `${subject.padEnd(12)} ${String(passed).padStart(3)} passed  ${seconds.toFixed(0).padStart(5)} s`,
  )
  process.stdout.write(`${lines.toSorted().join('\n')}\n`)
  const passed = [...subjects.values()].reduce((sum, each) => sum + each.passed, 0)
  expect(passed).toBeGreaterThanOrEqual(given.size)
})
