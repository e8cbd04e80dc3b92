// Serial groups through the real command line, on fake machines: one machine a round, the order written, and a verdict each.

import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import type { EventOf, SignalboxEvent } from '../events.ts'
import { comparable, createCliWorld, type CliResult } from './cli.test.fixture.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const SLOW = { timeout: 120_000 }
const corpus = [...world.target, ...world.corpus('serial')]

/** Nothing is known of how long tests take: the order is always the same. */
const fresh = (): Readonly<Record<string, string>> => ({
  SIGNALBOX_CACHE: mkdtempSync(join(world.folder, 'cache-')),
})

const run = async (...args: readonly string[]): Promise<CliResult> =>
  await world.signalbox(['run', ...args, ...corpus, '-j', '1'], fresh())

function eventsOfLatest(): readonly SignalboxEvent[] {
  return readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SignalboxEvent)
}

/** `upgrade.a 1 passed`, in the order they ended. */
const attempts = (): readonly string[] =>
  eventsOfLatest().flatMap((event) =>
    event.type === 'attempt.finished' ? [`${event.attempt.test} ${event.attempt.n} ${event.outcome}`] : [],
  )

const verdicts = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    eventsOfLatest().flatMap((event) =>
      event.type === 'test.finished' ? [[event.test, event.verdict]] : [],
    ),
  )

/** The machines that tests ran on, templates aside: `fork upgrade.a#1 upgrade.b#1`. */
const machines = (): readonly string[] =>
  eventsOfLatest().flatMap((event) =>
    event.type === 'machine.created' && !event.name.startsWith('template')
      ? [[event.origin, ...event.attempts.map(({ test, n }) => `${test}#${n}`)].join(' ')]
      : [],
  )

const notices = (): readonly string[] =>
  eventsOfLatest().flatMap((event) => (event.type === 'run.notice' ? [event.message] : []))

const finished = (test: string): EventOf<'attempt.finished'> | undefined =>
  eventsOfLatest().find(
    (event): event is EventOf<'attempt.finished'> =>
      event.type === 'attempt.finished' && event.attempt.test === test,
  )

/** The line of the corpus that holds a text. */
function place(text: string): string {
  const path = join(import.meta.dirname, 'corpus', 'serial.test.corpus.ts')
  const before = readFileSync(path, 'utf8').split(text)[0] ?? ''
  return `${path}:${before.split('\n').length}`
}

const upgrade = (n: number): string => `upgrade.stages#${n} upgrade.reboots#${n} upgrade.checks#${n}`

describe('a serial group', () => {
  it('runs in the order written on one fork of its own, beside tests that share', SLOW, async () => {
    const { exitCode, stdout } = await run('upgrade', 'outside', 'twins')
    await expect(comparable(stdout, world)).toMatchFileSnapshot('golden/serial.txt')
    expect(exitCode).toBe(0)
    expect(machines()).toEqual(
      expect.arrayContaining([
        `fork ${upgrade(1)}`,
        'fork twins.writes#1 twins.finds#1',
        'fork twins.writes#1 twins.finds#1',
        'fork outside.x#1',
        'fork outside.y#1',
      ]),
    )
    expect(machines()).toHaveLength(5)
    for (const event of eventsOfLatest())
      if (event.type === 'attempt.finished') expect(event.durationMs).toBeGreaterThanOrEqual(0)
    const planned = eventsOfLatest().find((event) => event.type === 'run.planned')
    expect(planned?.tests.flatMap(({ test, group }) => (group === 'upgrade' ? [test] : []))).toEqual([
      'upgrade.checks',
      'upgrade.reboots',
      'upgrade.stages',
    ])
  })

  it('is booted once where nothing is forked, machines of a cluster too', SLOW, async () => {
    const { exitCode } = await run('upgrade', 'twins', 'outside', '--no-fork')
    expect(exitCode).toBe(0)
    expect(machines().toSorted()).toEqual([
      'cold outside.x#1 outside.y#1',
      'cold twins.writes#1 twins.finds#1',
      'cold twins.writes#1 twins.finds#1',
      `cold ${upgrade(1)}`,
    ])
  })

  it('goes on after a failure, or skips the rest with the reason', SLOW, async () => {
    const { exitCode, stdout } = await run('goes-on', 'stops')
    await expect(comparable(stdout, world)).toMatchFileSnapshot('golden/serial-failures.txt')
    expect(exitCode).toBe(1)
    for (const report of ['results.tap', 'junit.xml', 'run.json', 'summary.md']) {
      const text = readFileSync(join(world.output, 'latest', report), 'utf8')
      expect(text).toContain('stops.third-fails failed before it')
    }
    const shown = await world.signalbox(['report', 'show'])
    expect(shown.stdout).toContain('stops.fifth  (0.0 s)  skipped: stops.third-fails failed before it')
  })

  it('blames each test for what it did, and for nothing else', SLOW, async () => {
    await run('units', '--no-fork')
    const codes = eventsOfLatest().flatMap((event) =>
      event.type === 'attempt.finished'
        ? [[event.attempt.test, ...event.failures.map(({ code, message }) => `${code}: ${message}`)]]
        : [],
    )
    expect(codes).toEqual([
      ['units.a-breaks', 'failed-units: m0: failed units: broken.service'],
      ['units.b'],
      ['units.c-says-so'],
      ['units.d-fills', expect.stringMatching(/^console.oom-killer: /)],
      ['units.e-breaks-and-fails', expect.stringMatching(/^command-failed: /)],
      ['units.f'],
    ])
  })

  it('whose machines do not come up has one failed test, and skips the others', SLOW, async () => {
    const { exitCode, stdout } = await run('no-boot')
    expect(exitCode).toBe(1)
    expect(attempts()).toEqual(['no-boot.a 1 failed', 'no-boot.b 1 skipped'])
    expect(stdout).toContain('skipped: no-boot.a failed before it: the machines did not become ready')
  })

  it('ends with a test that leaves no machine, or is still at work on it', SLOW, async () => {
    const { exitCode, stdout } = await run('off', 'hangs')
    expect(exitCode).toBe(1)
    expect(verdicts()).toEqual({
      'off.a': 'passed',
      'off.b-powers-off': 'failed',
      'off.c': 'skipped',
      'hangs.a': 'failed',
      'hangs.b': 'skipped',
    })
    expect(stdout).toContain('skipped: off.b-powers-off failed before it and left no machine: m0 stopped')
    expect(stdout).toContain('skipped: hangs.a failed before it: it ran out of time and may still be at work')
  })
})

describe('again', () => {
  it('is the whole group on fresh machines, every attempt kept', SLOW, async () => {
    const { exitCode, stdout } = await run('retried', '--retries', '1')
    await expect(comparable(stdout, world)).toMatchFileSnapshot('golden/serial-retried.txt')
    expect(exitCode).toBe(0)
    expect(attempts()).toEqual([
      'retried.a 1 passed',
      'retried.b-flakes 1 failed',
      'retried.c 1 skipped',
      'retried.a 2 passed',
      'retried.b-flakes 2 passed',
      'retried.c 2 passed',
    ])
    expect(machines()).toHaveLength(2)
    expect((await run('retried')).exitCode).toBe(1)
    expect(attempts()).toHaveLength(3)
  })

  it('is the whole group when the platform lost a machine, by the budget for faults', SLOW, async () => {
    const { exitCode, stdout } = await run('lost')
    await expect(comparable(stdout, world)).toMatchFileSnapshot('golden/serial-lost.txt')
    expect(exitCode).toBe(0)
    const none = await run('lost', '--infra-retries', '0', '--retries', '5')
    expect(none.exitCode).toBe(3)
    expect(verdicts()).toEqual({ 'lost.a': 'passed', 'lost.b-dies': 'infra', 'lost.c': 'infra' })
    expect(finished('lost.c')?.failures[0]?.message).toBe(
      'not run: lost.b-dies lost its machines: m0 was lost: the emulator was killed by SIGKILL',
    )
  })

  it('is the whole group booted when the fork did not work, held against no budget', SLOW, async () => {
    const { exitCode } = await run('fork-fails', 'damaged', '--infra-retries', '0')
    expect(exitCode).toBe(0)
    expect(attempts().toSorted()).toEqual([
      'damaged.a 1 passed',
      'damaged.a 2 passed',
      'damaged.b 1 infra',
      'damaged.b 2 passed',
      'damaged.c 1 infra',
      'damaged.c 2 passed',
      'fork-fails.a 1 infra',
      'fork-fails.a 2 passed',
      'fork-fails.b 1 infra',
      'fork-fails.b 2 passed',
    ])
    expect(machines().filter((machine) => machine.startsWith('cold'))).toEqual(
      expect.arrayContaining([
        'cold damaged.a#2 damaged.b#2 damaged.c#2',
        'cold fork-fails.a#2 fork-fails.b#2',
      ]),
    )
  })

  it('alone at the end, too', SLOW, async () => {
    const { exitCode, stdout } = await run('goes-on', '--retry-isolated', '--quiet-wait', '0')
    expect(exitCode).toBe(1)
    expect(notices().slice(0, 2)).toEqual([
      'the serial group goes-on runs again on fresh machines, alone at the end: goes-on.second-fails failed',
      '1 failed test is tried once more, one at a time, with nothing beside',
    ])
    expect(attempts().slice(3)).toEqual([
      'goes-on.first 2 passed',
      'goes-on.second-fails 2 failed',
      'goes-on.third 2 passed',
    ])
    const isolated = eventsOfLatest().filter((event) => event.type === 'attempt.started' && event.isolated)
    expect(isolated).toHaveLength(3)
    expect(stdout).toMatch(/✗ goes-on.second-fails .*\(failed alone too/)
  })

  it('so often as --repeat says, on machines that no other repetition has used', SLOW, async () => {
    const args = ['run', 'upgrade', 'retried', ...corpus, '--repeat', '3', '-j', '4']
    const { exitCode, stdout } = await world.signalbox(args, fresh())
    // One of three repetitions failed in b, and c was not run in it.
    expect(verdicts()).toMatchObject({
      'upgrade.checks': 'passed',
      'retried.a': 'passed',
      'retried.b-flakes': 'flaky',
    })
    expect(exitCode).toBe(0)
    expect(
      machines()
        .filter((machine) => machine.includes('upgrade'))
        .toSorted(),
    ).toEqual([1, 2, 3].map((n) => `fork ${upgrade(n)}`))
    expect(stdout).toContain('passed 2 of 3')
    expect(
      attempts()
        .filter((attempt) => attempt.startsWith('retried.c'))
        .toSorted(),
    ).toEqual(['retried.c 1 skipped', 'retried.c 2 passed', 'retried.c 3 passed'])
  })

  it('not for a failure that is known', SLOW, async () => {
    const file = join(world.folder, 'known.yaml')
    writeFileSync(file, '- { pattern: stops.third-fails, reason: false is false }\n')
    const { exitCode } = await run('stops', '--retries', '2', '--known-failures', file)
    expect(exitCode).toBe(77)
    expect(attempts()).toHaveLength(5)
    expect(verdicts()).toMatchObject({ 'stops.third-fails': 'warned', 'stops.fourth': 'skipped' })
  })

  it('as one on a cold boot, when it is audited', SLOW, async () => {
    const { exitCode } = await run('audited', 'upgrade', '--audit-fork', '100%')
    expect(exitCode).toBe(3)
    expect(machines().toSorted()).toEqual([
      'cold audited.a#2 audited.b-differs#2 audited.c#2',
      `cold ${upgrade(2)}`,
      'fork audited.a#1 audited.b-differs#1 audited.c#1',
      `fork ${upgrade(1)}`,
    ])
    expect(verdicts()).toMatchObject({
      'audited.a': 'passed',
      'audited.b-differs': 'infra',
      'audited.c': 'passed',
      'upgrade.checks': 'passed',
    })
    const audits = eventsOfLatest().filter((event) => event.type === 'attempt.started' && event.audit)
    expect(audits).toHaveLength(6)
  })
})

describe('selected', () => {
  it.each([['upgrade.reboots'], [place("test('reboots'")], ['--last-failed']])(
    'by %s a test brings along those before it, and says so',
    SLOW,
    async (name) => {
      if (name === '--last-failed') {
        await run('goes-on')
        const { exitCode, stdout } = await run(name)
        expect(exitCode).toBe(1)
        expect(attempts()).toEqual(['goes-on.first 1 passed', 'goes-on.second-fails 1 failed'])
        expect(stdout).toContain(
          'goes-on.first is run too: goes-on.second-fails comes after it in the serial group goes-on',
        )
        return
      }
      const { exitCode, stdout } = await run(name)
      expect(exitCode).toBe(0)
      expect(attempts()).toEqual(['upgrade.stages 1 passed', 'upgrade.reboots 1 passed'])
      expect(stdout).toContain(
        'upgrade.stages is run too: upgrade.reboots comes after it in the serial group upgrade',
      )
    },
  )

  it('is never cut by a shard', SLOW, async () => {
    const parts = await Promise.all(
      [1, 2, 3].map(async (index) => {
        const listed = await world.signalbox(['list', ...corpus, '--shard', `${index}/3`, '--json'])
        const { tests } = JSON.parse(listed.stdout) as {
          readonly tests: readonly { readonly name: string; readonly serial?: { readonly group: string } }[]
        }
        return tests
      }),
    )
    const shardsOf = new Map<string, Set<number>>()
    for (const [shard, tests] of parts.entries())
      for (const { serial } of tests)
        if (serial !== undefined)
          shardsOf.set(serial.group, (shardsOf.get(serial.group) ?? new Set()).add(shard))
    expect(shardsOf.size).toBeGreaterThan(5)
    for (const [group, shards] of shardsOf) expect([group, shards.size]).toEqual([group, 1])
    expect(parts.every((tests) => tests.length > 0)).toBe(true)
  })
})

describe('stopped', () => {
  it('by --fail-fast in the middle: what has not begun is missing', SLOW, async () => {
    const { exitCode, stdout } = await run('goes-on', '--fail-fast')
    expect(exitCode).toBe(1)
    expect(attempts()).toEqual(['goes-on.first 1 passed', 'goes-on.second-fails 1 failed'])
    expect(verdicts()).toEqual({ 'goes-on.first': 'passed', 'goes-on.second-fails': 'failed' })
    expect(stdout).toMatch(/1 passed · 1 failed · 1 missing/)
    // Its machine is gone by its own teardown, and its logs are among its artefacts.
    expect(stdout).toContain('m0/console.txt')
  })

  it('only when no retry is left, and by as many failures as --max-failures says', SLOW, async () => {
    await run('goes-on', '--fail-fast', '--retries', '1')
    expect(attempts()).toHaveLength(5)
    const { stdout } = await run('goes-on', '--max-failures', '2')
    expect(stdout).toMatch(/2 passed · 1 failed/)
  })

  it('by Ctrl-C: what is over keeps its verdict, machines are destroyed', SLOW, async () => {
    const child = world.start(['run', 'waits', ...corpus], fresh())
    let said = ''
    child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const path = join(world.output, 'latest', 'events.jsonl')
    const waits = (): boolean =>
      existsSync(path) && /"phase.started"[^\n]*"waits.b"[^\n]*"body"/.test(readFileSync(path, 'utf8'))
    while (!waits()) await sleep(50)
    child.kill('SIGINT')
    const [exitCode] = (await once(child, 'close')) as [number | null]
    expect(exitCode).toBe(130)
    expect(attempts()).toEqual(['waits.a 1 passed', 'waits.b 1 infra'])
    expect(verdicts()).toEqual({ 'waits.a': 'passed' })
    expect(said).toMatch(/1 passed · 2 missing/)
    const count = (type: SignalboxEvent['type']): number =>
      eventsOfLatest().filter((event) => event.type === type).length
    expect(count('machine.destroyed')).toBe(count('machine.created'))
  })
})
