// A serial group on a real machine: one fork, on which each test finds what the ones before have left.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { buildReferenceImage } from '../../qemu/image/index.ts'
import type { SignalboxEvent } from '../events.ts'
import { cacheFolder } from '../folders.ts'
import { createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld({ cache: cacheFolder() })
afterAll(() => world[Symbol.dispose]())
const corpus = world.corpus('real-serial')
await buildReferenceImage()

const TESTS = ['real.serial.writes', 'real.serial.reboots', 'real.serial.finds']

function eventsOfLatest(): readonly SignalboxEvent[] {
  return readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SignalboxEvent)
}

const passed = (): readonly string[] =>
  eventsOfLatest().flatMap((event) =>
    event.type === 'attempt.finished' && event.outcome === 'passed' ? [event.attempt.test] : [],
  )

it('runs its tests in order on one fork, over a reboot', async () => {
  const { exitCode, stdout } = await world.signalbox(['run', ...corpus])
  expect(exitCode, stdout).toBe(0)
  expect(passed()).toEqual(TESTS)
  const forks = eventsOfLatest().flatMap((event) =>
    event.type === 'machine.created' && event.origin === 'fork' ? [event.attempts] : [],
  )
  expect(forks).toEqual([TESTS.map((test) => ({ test, n: 1 }))])
})

it('repeats the group on machines that nobody has used', async () => {
  const { exitCode, stdout } = await world.signalbox(['run', ...corpus, '--repeat', '2', '-j', '1'])
  expect(exitCode, stdout).toBe(0)
  expect(passed()).toEqual([...TESTS, ...TESTS])
})
