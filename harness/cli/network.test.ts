// Clusters on private networks, through the real command line and on the fake platform.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { EventOf, SignalboxEvent } from '../events.ts'
import { createCliWorld, type CliResult } from './cli.test.fixture.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const TIMEOUT_MS = 120_000

async function run(
  ...args: readonly string[]
): Promise<CliResult & { readonly events: readonly SignalboxEvent[] }> {
  const result = await world.signalbox(['run', ...args, ...world.target, ...world.corpus('network')])
  const lines = readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
  return { ...result, events: lines.map((line) => JSON.parse(line) as SignalboxEvent) }
}

const ofType = <T extends SignalboxEvent['type']>(
  events: readonly SignalboxEvent[],
  type: T,
): readonly EventOf<T>[] => events.filter((event): event is EventOf<T> => event.type === type)

it('what a test does to its network works, and each fault is a step', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, stdout, events } = await run('network.faults')
  expect(stdout).toContain('1 passed')
  expect(exitCode).toBe(0)
  const steps = ofType(events, 'step.started').filter(({ category }) => category === 'network')
  expect(steps.map(({ title }) => title)).toEqual([
    'network: cut m1',
    'network: heal m1',
    'network: partition m0 | m1 m2',
    'network: lose 100 % of m1',
    'network: heal all',
    'network: delay m2 by 20 ± 5 ms',
    'network: lose 12.5 % of m2',
    'network: lose 0 % of m2',
    'network: time -1.5 s, leap second: insert',
    'network: cut m7',
  ])
  // Within the step in which it was done; and what was refused says why.
  const outer = ofType(events, 'step.started').find(({ title }) => title === 'the second is alone')
  expect(steps[0]?.parent).toBe(outer?.step)
  const ends = ofType(events, 'step.finished')
  const errors = steps.map(({ step }) => ends.find((end) => end.step === step)?.error)
  expect(errors.filter((error) => error !== undefined)).toEqual(['no machine "m7" at the private network'])
})

it(
  'members come back after a power cut and a reboot, others join, and a preparation sees the same network',
  { timeout: TIMEOUT_MS },
  async () => {
    for (const how of [[], ['--no-fork']]) {
      const { exitCode, stdout } = await run('network.power', 'network.prepared', 'network.none', ...how)
      expect(stdout).toContain('3 passed')
      expect(exitCode).toBe(0)
    }
  },
)

// Only two boot at once, and nobody dials before all are there: the third must not wait for an SSH connection.
it('the turn of a machine that boots ends when it is in userspace', { timeout: 60_000 }, async () => {
  const { exitCode, stdout } = await run('network.turns', '--no-fork', '--boot-timeout', '3600')
  expect(stdout).toContain('1 passed')
  expect(exitCode).toBe(0)
})

describe.each([[['--no-fork']], [[]]])('a member that does not come up %s', (how) => {
  it.each([
    ['panics', 1, 'failed', /m1: .*Kernel panic/],
    ['is-lost', 3, 'infra', /m1 was lost: the emulator was killed/],
    ['is-silent', 1, 'failed', /waited .* for SSH of (?:template-)?m1;/],
    ['cannot-be-had', 3, 'infra', /no machine today/],
  ])('%s', { timeout: TIMEOUT_MS }, async (name, exitCode, outcome, message) => {
    // Only the silent one is waited for.
    const bootTimeout = name === 'is-silent' ? '4' : '60'
    const result = await run(
      `network.member-${name}`,
      ...how,
      '--boot-timeout',
      bootTimeout,
      '--infra-retries',
      '0',
    )
    expect(result.exitCode).toBe(exitCode)
    const [attempt] = ofType(result.events, 'attempt.finished')
    expect(attempt?.outcome).toBe(outcome)
    expect(attempt?.failures[0]?.message).toMatch(message)
    if (name !== 'cannot-be-had')
      expect(attempt?.failures[0]?.evidence?.join('\n')).toContain('the console of a member')
    // The others are released with it.
    const ids = (type: 'machine.created' | 'machine.destroyed'): readonly string[] =>
      ofType(result.events, type)
        .map(({ machine }) => machine)
        .toSorted()
    expect(ids('machine.destroyed')).toEqual(ids('machine.created'))
    // One that is lost at once may end the attempt before the others were created.
    expect(ids('machine.created')).not.toEqual([])
  })
})
