// Clusters of real machines on their private networks, through the real command line.

import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it } from 'vitest'
import type { EventOf, SignalboxEvent } from '../events.ts'
import { cacheFolder } from '../folders.ts'
import { createCliWorld, type CliResult } from './cli.test.fixture.ts'

const world = createCliWorld({ cache: cacheFolder() })
const templates = `/dev/shm/signalbox-test-${process.pid}`
const env = { SIGNALBOX_TEMPLATES: templates, SIGNALBOX_TEMPLATE_MIB: '8000' }
afterEach(() => {
  // A killed process would have left them.
  expect(ourQemus()).toEqual([])
  expect(namesIn(join(world.folder, 'run', 'm'))).toEqual([])
  expect(namesIn(join(world.folder, 'run', 'ledger'))).toEqual([])
})
afterAll(() => {
  world[Symbol.dispose]()
  rmSync(templates, { recursive: true, force: true })
})

async function run(
  ...args: readonly string[]
): Promise<CliResult & { readonly events: readonly SignalboxEvent[] }> {
  const result = await world.signalbox(['run', ...args, ...world.corpus('clusters')], env)
  const lines = readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
  return { ...result, events: lines.map((line) => JSON.parse(line) as SignalboxEvent) }
}

function ofType<T extends SignalboxEvent['type']>(
  events: readonly SignalboxEvent[],
  type: T,
): readonly EventOf<T>[] {
  return events.filter((event): event is EventOf<T> => event.type === type)
}

const origins = (events: readonly SignalboxEvent[]): readonly string[] =>
  ofType(events, 'machine.created').map(({ origin }) => origin)

function ourQemus(): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      return /^[^\0]*qemu-system/.test(command) && command.includes(join(world.folder, 'run'))
    } catch {
      return false
    }
  })
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

it('a forked cluster: names, faults, the time, members that come back, and their moments', async () => {
  const tests = ['names', 'faults', 'time', 'members-come-back', 'moments'].map((name) => `clusters.${name}`)
  const { exitCode, stdout, events } = await run(...tests)
  expect(stdout).toContain('5 passed')
  expect(exitCode).toBe(0)
  // One machine booted, and forked into three members for each test.
  expect(origins(events).filter((origin) => origin === 'cold')).toHaveLength(1)
  expect(origins(events).filter((origin) => origin === 'fork')).toHaveLength(15)
  const steps = ofType(events, 'step.started').map(({ title }) => title)
  expect(steps).toContain('network: delay m1 by 400 ms')
  rmSync(templates, { recursive: true })
})

it('a booted cluster has the same names', async () => {
  const { exitCode, stdout, events } = await run('clusters.names-cold')
  expect(stdout).toContain('1 passed')
  expect(exitCode).toBe(0)
  expect(origins(events)).toEqual(['cold', 'cold'])
})

it('a member that dies while it boots is named, with its console, and the others are released', async () => {
  const { exitCode, stdout, events } = await run('clusters.member-dies', '--no-fork')
  expect(exitCode).toBe(1)
  expect(stdout).toMatch(/✗ clusters.member-dies .*m1: .*panic/i)
  const [attempt] = ofType(events, 'attempt.finished')
  expect(attempt?.failures[0]?.evidence?.join('\n')).toContain('the second one dies')
  const machines = (type: 'machine.created' | 'machine.destroyed'): readonly string[] =>
    ofType(events, type)
      .map(({ machine }) => machine)
      .toSorted()
  expect(machines('machine.created')).toHaveLength(3)
  expect(machines('machine.destroyed')).toEqual(machines('machine.created'))
})

it('eight machines reach each other by name; two such clusters at once never meet', async () => {
  const first = await run('clusters.eight')
  expect(first.stdout).toContain('1 passed')
  expect(origins(first.events)).toEqual(['cold', ...Array.from({ length: 8 }, () => 'fork')])
  const meeting = join(world.folder, 'meeting')
  mkdirSync(meeting)
  const both = await Promise.all(
    ['one', 'two'].map(
      async (token) =>
        await world.signalbox(
          ['run', 'clusters.eight', ...world.corpus('clusters'), '-o', join(world.folder, token)],
          { ...env, CLUSTER_TOKEN: token, CLUSTER_MEETING: meeting },
        ),
    ),
  )
  for (const { stdout, exitCode } of both) {
    expect(stdout).toContain('1 passed')
    expect(exitCode).toBe(0)
  }
})
