// The update server through the real command line on fake machines: what is in the event stream, and what stops a run.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import type { EventOf, SignalboxEvent } from '../events.ts'
import { createCliWorld } from './cli.test.fixture.ts'

vi.setConfig({ testTimeout: 120_000 })
const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())

async function run(...args: readonly string[]) {
  const result = await world.signalbox(['run', ...args, ...world.target, ...world.corpus('updates')])
  const folder = join(world.output, 'latest')
  const lines = readFileSync(join(folder, 'events.jsonl'), 'utf8').trimEnd().split('\n')
  return { ...result, folder, events: lines.map((line) => JSON.parse(line) as SignalboxEvent) }
}

const requestsIn = (events: readonly SignalboxEvent[]): readonly EventOf<'update.request'>[] =>
  events.filter((event) => event.type === 'update.request')

it('every request is an event of its attempt, and part of the report; what was offered is a step', async () => {
  const { exitCode, stdout, events, folder } = await run('updates.one-server')
  expect(stdout).toContain('1 passed')
  expect(exitCode).toBe(0)
  const attempt = { test: 'updates.one-server', n: 1 }
  const app = { version: '1.0.0', track: 'beta', machineId: 'm0', status: 'ok' }
  expect(requestsIn(events)).toMatchObject([
    {
      attempt,
      method: 'POST',
      path: '/v1/update/',
      status: 200,
      end: 'answered',
      apps: [{ ...app, check: 'ok', offered: '2.0.0' }],
    },
    { attempt, method: 'GET', path: '/packages/1/update.gz', status: 200, end: 'dropped', faults: ['drop'] },
    {
      attempt,
      path: '/v1/update/',
      apps: [{ ...app, events: [{ type: 'update-complete', result: 'error', errorCode: 49 }] }],
    },
  ])
  const steps = events.flatMap((event) =>
    event.type === 'step.started' && event.category === 'update' ? [event.title] : [],
  )
  expect(steps).toEqual(['update server: offer 2.0.0', 'update server: misbehave: drop atByte 3, first 1'])
  const report = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as unknown
  expect(JSON.stringify(report)).toContain('"updateRequestCount":3')
})

it('a payload that is not what it is declared to be is refused before any machine boots', async () => {
  const { exitCode, stdout, events } = await run('updates.refused-before-boot')
  expect(stdout).toContain('the payload a.raw is not what is declared: its size is 9, not 10')
  expect(exitCode).not.toBe(0)
  expect(events.filter(({ type }) => type === 'machine.created')).toEqual([])
})

it('what is offered for the first boot is still there in the body', async () => {
  const { stdout, events } = await run('updates.offered-before-boot')
  expect(stdout).toContain('1 passed')
  expect(requestsIn(events)).toMatchObject([{ path: '/sysupdate/a.raw', status: 200 }])
})
