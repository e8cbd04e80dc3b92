// Repetitions and isolated attempts on real machines: each finds a machine that no other has used.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { buildReferenceImage } from '../../qemu/image/index.ts'
import type { SignalboxEvent } from '../events.ts'
import { cacheFolder } from '../folders.ts'
import { createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld({ cache: cacheFolder() })
afterAll(() => world[Symbol.dispose]())
const corpus = world.corpus('real-flakes')
await buildReferenceImage()

function eventsOfLatest(): readonly SignalboxEvent[] {
  return readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SignalboxEvent)
}

const outcomes = (): readonly string[] =>
  eventsOfLatest()
    .flatMap((event) => (event.type === 'attempt.finished' ? [`${event.attempt.n} ${event.outcome}`] : []))
    .toSorted()

it('repeats a test on fresh machines and reports its pass rate', async () => {
  const { exitCode, stdout } = await world.signalbox(['run', 'real.repeated', ...corpus, '--repeat', '3'])
  expect(outcomes()).toEqual(['1 passed', '2 failed', '3 passed'])
  expect(stdout).toContain('passed 2 of 3: 66.7 % (95 % interval 20.8 to 93.9 %)')
  expect(exitCode).toBe(0)
})

it('tries what failed once more, alone', async () => {
  const args = ['run', 'real.flakes', ...corpus, '--retry-isolated', '--quiet-wait', '2']
  const { exitCode, stdout } = await world.signalbox(args)
  expect(outcomes()).toEqual(['1 failed', '2 passed'])
  expect(stdout).toMatch(/≈ real.flakes .*passed alone/)
  expect(exitCode).toBe(0)
  const isolated = eventsOfLatest().filter((event) => event.type === 'attempt.started' && event.isolated)
  expect(isolated).toHaveLength(1)
})
