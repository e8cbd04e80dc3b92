// Machines that meet over the harness's lines, and their hardware, through the real command line on fake machines.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import type { SignalboxEvent } from '../events.ts'
import { createCliWorld } from './cli.test.fixture.ts'

vi.setConfig({ testTimeout: 120_000 })
const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())

async function run(...args: readonly string[]) {
  const result = await world.signalbox(['run', ...args, ...world.target, ...world.corpus('sync')])
  const lines = readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
  return { ...result, events: lines.map((line) => JSON.parse(line) as SignalboxEvent) }
}

it.each([
  ['booted', ['--no-fork']],
  ['forked', []],
])('machines that are %s share values and barriers', async (_, flags) => {
  const { stdout, exitCode } = await run('sync.*', ...flags)
  expect(stdout).toContain('4 passed')
  expect(exitCode).toBe(0)
})

it('each attempt has a store of its own, also on a machine that was used before', async () => {
  const { stdout, events } = await run('alone.*', '--no-fork')
  expect(stdout).toContain('2 passed')
  expect(events.filter(({ type }) => type === 'machine.created')).toHaveLength(1)
})

it('what is plugged in and pulled out are steps of the test', async () => {
  const { stdout, exitCode, events } = await run('hardware.*')
  expect(stdout).toContain('2 passed')
  expect(exitCode).toBe(0)
  const steps = events.flatMap((event) =>
    event.type === 'step.started' && event.category === 'power' ? [event.title] : [],
  )
  expect(steps).toEqual(
    expect.arrayContaining([
      'add disk data to m0',
      'pull disk data of m0',
      'add network card second to m0',
      'link second of m0 down',
      'link primary of m0 up',
    ]),
  )
})
