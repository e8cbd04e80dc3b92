// Forks through the real command line, on fake machines: who is forked and who is booted, and that whatever goes wrong with
// a fork costs time and never a verdict.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { SignalboxEvent } from '../events.ts'
import { createCliWorld, type CliResult } from './cli.test.fixture.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const SLOW = { timeout: 120_000 }

interface Run extends CliResult {
  readonly events: readonly SignalboxEvent[]
  /** `fork passed`, `cold failed`: each attempt of a test in turn. */
  readonly attempts: (test: string) => readonly string[]
  readonly verdicts: Readonly<Record<string, string>>
  /** Codes of what a person is told. */
  readonly notices: readonly string[]
  /** How the machines came to be. */
  readonly origins: readonly string[]
}

async function run(...args: readonly string[]): Promise<Run> {
  const result = await world.signalbox([
    'run',
    ...args,
    ...world.target,
    ...world.corpus('fake-forks'),
    '-j',
    '1',
  ])
  const lines = readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
  const events = lines.map((line) => JSON.parse(line) as SignalboxEvent)
  const attempts = (test: string): readonly string[] => {
    // A template's boot is everybody's; what comes after it is a test's own.
    const origins = new Map<number, string>()
    return events.flatMap((event) => {
      if (event.type === 'machine.created') {
        for (const { test: user, n } of event.attempts) if (user === test) origins.set(n, event.origin)
      }
      return event.type === 'attempt.finished' && event.attempt.test === test
        ? [`${origins.get(event.attempt.n)} ${event.outcome}`]
        : []
    })
  }
  const finished = events.filter((event) => event.type === 'test.finished')
  return {
    ...result,
    events,
    attempts,
    verdicts: Object.fromEntries(finished.map(({ test, verdict }) => [test, verdict])),
    notices: events.flatMap((event) => (event.type === 'run.notice' ? [event.code] : [])),
    origins: events.flatMap((event) => (event.type === 'machine.created' ? [event.origin] : [])),
  }
}

describe('forked', () => {
  it('is what tests are, by default, and equal machines are booted once', SLOW, async () => {
    const { exitCode, origins, notices, stdout, attempts } = await run('exclusive.*')
    expect({ exitCode, notices }).toEqual({ exitCode: 0, notices: [] })
    expect(stdout).toMatch(/booted and saved a template in [^,]*, forked by 3 tests/)
    expect(origins).toEqual(['cold', 'fork', 'fork', 'fork'])
    for (const test of ['exclusive.a', 'exclusive.b', 'exclusive.c'])
      expect(attempts(test)).toEqual(['fork passed'])
  })

  it('are tests that would share a boot: each has a clone, of their merged configs', SLOW, async () => {
    const { exitCode, origins, verdicts } = await run('shared.*')
    expect(exitCode).toBe(0)
    expect(origins).toEqual(['cold', 'fork', 'fork', 'fork'])
    expect(verdicts).toEqual({ 'shared.a': 'passed', 'shared.b': 'passed', 'shared.c': 'passed' })
  })

  it('is a machine of its own, also after a reboot', SLOW, async () => {
    const { exitCode, origins } = await run('identity')
    expect(exitCode).toBe(0)
    expect(origins).toEqual(['cold', 'fork', 'fork', 'fork'])
  })

  it('is what was prepared, once', SLOW, async () => {
    const { exitCode, events, origins } = await run('prepared.*')
    expect(exitCode).toBe(0)
    expect(origins).toEqual(['cold', 'fork', 'fork'])
    const preparations = events.filter(
      (event) => event.type === 'command.finished' && event.command.includes('/etc/prepared done'),
    )
    expect(preparations).toHaveLength(1)
  })

  it('waits for memory where there is none', SLOW, async () => {
    const { exitCode, attempts, notices } = await run('short-of-memory')
    expect({ exitCode, notices }).toEqual({ exitCode: 0, notices: [] })
    expect(attempts('short-of-memory')).toEqual(['fork passed'])
  })
})

describe('booted', () => {
  it('is every machine with --no-fork', SLOW, async () => {
    const { origins, verdicts } = await run('exclusive.*', 'either', '--no-fork')
    expect(origins).toEqual(['cold', 'cold', 'cold', 'cold'])
    expect(verdicts).toMatchObject({ either: 'passed', 'exclusive.a': 'failed' })
  })

  it('is the machine of a test of the first boot', SLOW, async () => {
    const { exitCode, origins, notices } = await run('first-boot')
    expect({ exitCode, origins, notices }).toEqual({ exitCode: 0, origins: ['cold'], notices: [] })
  })

  it.each([
    ['never comes to rest', 'restless', /it never comes to rest: 1 restless.service/],
    ['is somebody', 'somebody', /its clones would share an etcd member/],
    ['does not answer', 'silent', /waited .* for the agent in the guest/],
  ])('is a machine that %s, which is said; the boot is not lost', SLOW, async (_, name, reason) => {
    const { exitCode, attempts, notices, origins, stdout, verdicts } = await run(`${name}.*`)
    expect(exitCode).toBe(1)
    expect(verdicts).toEqual({ [`${name}.passes`]: 'passed', [`${name}.fails`]: 'failed' })
    expect(attempts(`${name}.passes`)).toEqual(['cold passed'])
    expect(attempts(`${name}.fails`)).toEqual(['cold failed'])
    expect(notices).toEqual(['not-forked'])
    expect(stdout).toMatch(reason)
    expect(origins).toEqual(['cold', 'cold'])
  })

  it.each([
    ['cannot be saved', 'not-saved', 'template-not-saved', /the fake disk is full/],
    ['cannot be forked', 'not-forked', 'fork-failed', /the fake platform cannot fork today/],
    ['stays who it was', 'not-renewed', 'clone-not-renewed', /did not take its new identity/],
    ['is damaged', 'damaged', 'template-damaged', /is damaged: m0.ram: it has 0 bytes/],
  ])('is a machine that %s; no budget pays for it', SLOW, async (_, name, code, reason) => {
    const none = ['--retries', '0', '--infra-retries', '0']
    const { exitCode, attempts, notices, stdout, verdicts } = await run(`${name}.*`, ...none)
    expect(exitCode).toBe(1)
    expect(verdicts).toEqual({ [`${name}.passes`]: 'passed', [`${name}.fails`]: 'failed' })
    expect(attempts(`${name}.passes`).at(-1)).toBe('cold passed')
    expect(attempts(`${name}.fails`).at(-1)).toBe('cold failed')
    // Whoever was forked in vain, and in vain once.
    const before = [...attempts(`${name}.passes`).slice(0, -1), ...attempts(`${name}.fails`).slice(0, -1)]
    expect(before.length).toBeGreaterThan(0)
    expect(before.length).toBeLessThanOrEqual(2)
    for (const attempt of before) expect(attempt).toMatch(/^(fork|cold) infra$/)
    expect(notices).toEqual([code])
    expect(stdout).toMatch(reason)
  })

  it('is a test whose template was damaged under it, whatever it said', SLOW, async () => {
    const none = ['--retries', '0', '--infra-retries', '0']
    const { exitCode, attempts, notices, verdicts } = await run('damaged-later.*', ...none)
    expect(exitCode).toBe(0)
    expect(verdicts).toEqual({
      'damaged-later.passes': 'passed',
      'damaged-later.fails-on-the-fork': 'passed',
    })
    for (const test of Object.keys(verdicts)) expect(attempts(test)).toEqual(['fork infra', 'cold passed'])
    expect(notices).toEqual(['template-damaged'])
  })

  it('is the second machine, too, when the first one serves as it is', SLOW, async () => {
    const { exitCode, origins, notices } = await run('restless-cluster')
    expect({ exitCode, origins, notices }).toEqual({
      exitCode: 0,
      origins: ['cold', 'cold'],
      notices: ['not-forked'],
    })
  })

  it('is at once what was found to be restless before', SLOW, async () => {
    const { events, attempts } = await run('restless.passes', 'restless-cluster')
    expect(attempts('restless.passes')).toEqual(['cold passed'])
    expect(attempts('restless-cluster')).toEqual(['cold passed'])
    const names = events.flatMap((event) => (event.type === 'machine.created' ? [event.name] : []))
    expect(names.filter((name) => name === 'template')).toHaveLength(1)
    expect(names).toHaveLength(3)
  })

  it('has its own budgets afterwards', SLOW, async () => {
    const unlucky = await run('unlucky')
    expect(unlucky.verdicts).toEqual({ unlucky: 'passed' })
    expect(unlucky.attempts('unlucky').slice(1)).toEqual(['cold infra', 'cold passed'])
    const { attempts, verdicts } = await run('not-forked.fails', '--retries', '1')
    expect(verdicts).toEqual({ 'not-forked.fails': 'failed' })
    expect(attempts('not-forked.fails').slice(-2)).toEqual(['cold failed', 'cold failed'])
    expect(attempts('not-forked.fails')).toHaveLength(3)
  })
})

describe('a cluster', () => {
  it('is forked from the template of one machine, which is that of machines alone', SLOW, async () => {
    const { exitCode, origins, notices } = await run('one-template.*')
    expect({ exitCode, notices }).toEqual({ exitCode: 0, notices: [] })
    expect(origins).toEqual(['cold', 'fork', 'fork', 'fork', 'fork'])
  })

  it('of machines for which one cannot stand is booted, and from then on saved as one', SLOW, async () => {
    const { exitCode, notices, attempts, events } = await run('cluster-of-somebodies.*')
    expect({ exitCode, notices }).toEqual({ exitCode: 0, notices: ['not-forked'] })
    const ends = ['of-2', 'of-3'].flatMap((name) => attempts(`cluster-of-somebodies.${name}`))
    expect(ends.toSorted()).toEqual(['cold passed', 'fork passed'])
    const names = events.flatMap((event) => (event.type === 'machine.created' ? [event.name] : []))
    expect(names.filter((name) => name === 'template')).toHaveLength(1)
    expect(names).toContain('template-m1')
  })

  it.each([
    ['lost-alone', 'fork-failed', ['cold infra', 'cold passed']],
    ['not-forked', 'fork-failed', [expect.stringMatching(/infra$/), 'cold passed']],
    ['restless', 'not-forked', ['cold passed']],
  ])('that is %s is booted', SLOW, async (name, code, expected) => {
    const { exitCode, notices, attempts } = await run(`cluster-${name}`, '--boot-timeout', '4')
    expect({ exitCode, notices }).toEqual({ exitCode: 0, notices: [code] })
    expect(attempts(`cluster-${name}`)).toEqual(expected)
  })
})

describe('audited', () => {
  it('and confirmed is one verdict, with both attempts shown', SLOW, async () => {
    const { exitCode, attempts, events, notices, stdout, verdicts } = await run(
      'audited.passes',
      'audited.fails',
      '--audit-fork',
      '100%',
    )
    expect({ exitCode, notices }).toEqual({ exitCode: 1, notices: [] })
    expect(verdicts).toEqual({ 'audited.passes': 'passed', 'audited.fails': 'failed' })
    expect(attempts('audited.passes')).toEqual(['fork passed', 'cold passed'])
    expect(attempts('audited.fails')).toEqual(['fork failed', 'cold failed'])
    expect(events.filter(({ type }) => type === 'test.finished')).toHaveLength(2)
    expect(
      events.flatMap((event) =>
        event.type === 'attempt.started' && event.audit === true ? [event.attempt.n] : [],
      ),
    ).toEqual([2, 2])
    expect(stdout).toContain('1 passed · 1 failed')
    expect(stdout).toMatch(/audited.passes .*the same on a cold boot/)
  })

  it('and contradicted is no verdict about the image, and booted the next time', SLOW, async () => {
    const tests = ['audited.passes-on-forks', 'audited.fails-on-forks']
    const first = await run(...tests, '--audit-fork', '100%')
    expect(first.verdicts).toEqual(Object.fromEntries(tests.map((test) => [test, 'infra'])))
    expect(first.exitCode).toBe(3)
    expect(first.attempts('audited.passes-on-forks')).toEqual(['fork passed', 'cold failed'])
    expect(first.attempts('audited.fails-on-forks')).toEqual(['fork failed', 'cold passed'])
    expect(new Set(first.notices)).toEqual(new Set(['fork-diverged']))
    expect(first.stdout).toMatch(
      /forks and cold boots disagree: it passed on a fork and failed on a cold boot/,
    )

    const second = await run(...tests, 'either', '--audit-fork', '100%')
    expect(second.verdicts).toEqual({
      'audited.passes-on-forks': 'failed',
      'audited.fails-on-forks': 'passed',
      either: 'passed',
    })
    for (const test of tests) expect(second.attempts(test)).toHaveLength(1)
    expect(second.attempts('audited.fails-on-forks')).toEqual(['cold passed'])
    expect(second.attempts('either')).toEqual(['fork passed', 'cold passed'])
    expect(second.exitCode).toBe(1)
  })

  it('by a boot that was lost is what it was', SLOW, async () => {
    const { exitCode, attempts, notices } = await run('audited.lost-when-booted', '--audit-fork', '100%')
    expect({ exitCode, notices }).toEqual({ exitCode: 0, notices: [] })
    expect(attempts('audited.lost-when-booted')).toEqual(['fork passed', 'cold infra'])
  })

  it('is nobody who was booted, nor anybody without a share', SLOW, async () => {
    const booted = await run('restless.*', 'first-boot', '--audit-fork', '100%')
    expect(booted.attempts('restless.passes')).toEqual(['cold passed'])
    expect(booted.attempts('first-boot')).toEqual(['cold passed'])
    const { attempts } = await run('either', '--audit-fork', '0')
    expect(attempts('either')).toEqual(['fork passed'])
  })
})

describe('in its initrd', () => {
  const initrd = ['initrd.passes', '--infra-retries', '0']

  it('begins what is about the first boot, where the platform has that', SLOW, async () => {
    const { exitCode, attempts, notices } = await run(...initrd, '--audit-fork', '0')
    expect({ exitCode, notices }).toEqual({ exitCode: 0, notices: [] })
    expect(attempts('initrd.passes')).toEqual(['initrd passed'])
  })

  it('begins nothing with --no-fork', SLOW, async () => {
    const { attempts } = await run(...initrd, '--no-fork')
    expect(attempts('initrd.passes')).toEqual(['cold failed'])
  })

  it('is audited as forks are; what fails there is always confirmed by a boot', SLOW, async () => {
    const audited = await run('initrd.passes', '--audit-fork', '100%')
    expect(audited.attempts('initrd.passes')).toEqual(['initrd passed', 'cold failed'])
    expect(audited.verdicts).toEqual({ 'initrd.passes': 'infra' })
    const failed = await run('initrd.fails', 'initrd.fails-there', '--audit-fork', '0')
    expect(failed.attempts('initrd.fails')).toEqual(['initrd failed', 'cold failed'])
    expect(failed.attempts('initrd.fails-there')).toEqual(['initrd failed', 'cold passed'])
    expect(failed.verdicts).toEqual({ 'initrd.fails': 'failed', 'initrd.fails-there': 'infra' })
    const next = await run('initrd.fails-there', '--audit-fork', '0')
    expect(next.attempts('initrd.fails-there')).toEqual(['cold passed'])
  })

  it('that never comes up from there is booted, and no budget pays for it', SLOW, async () => {
    const { exitCode, attempts, notices } = await run(
      'initrd.never-up-there',
      '--infra-retries',
      '0',
      '--boot-timeout',
      '4',
    )
    expect({ exitCode, notices }).toEqual({ exitCode: 0, notices: ['fork-failed'] })
    expect(attempts('initrd.never-up-there')).toEqual(['initrd infra', 'cold passed'])
  })
})
