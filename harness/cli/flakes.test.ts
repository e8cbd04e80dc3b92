// Retries, repetitions, isolated attempts and known failures through the real command line, on fake machines.

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { EventOf, SignalboxEvent } from '../events.ts'
import { comparable, createCliWorld, type CliResult } from './cli.test.fixture.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const SLOW = { timeout: 120_000 }

const run = async (...args: readonly string[]): Promise<CliResult> =>
  await world.signalbox(['run', ...args, ...world.target, ...world.corpus('flakes')])

/** One job at a time, and nothing known of how long tests take: the order is always the same. */
const runInOrder = async (...args: readonly string[]): Promise<CliResult> =>
  await world.signalbox(['run', ...args, ...world.target, ...world.corpus('flakes'), '-j', '1'], {
    SIGNALBOX_CACHE: mkdtempSync(join(world.folder, 'cache-')),
  })

function eventsOfLatest(): readonly SignalboxEvent[] {
  return readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SignalboxEvent)
}

/** `1 failed`, `2 passed`: the attempts of a test by number. */
function attemptsOf(test: string): readonly string[] {
  return eventsOfLatest()
    .filter((event): event is EventOf<'attempt.finished'> => event.type === 'attempt.finished')
    .filter(({ attempt }) => attempt.test === test)
    .toSorted((a, b) => a.attempt.n - b.attempt.n)
    .map(({ attempt, outcome }) => `${attempt.n} ${outcome}`)
}

/** How many machines each attempt of a test had for itself alone. */
function machinesOf(test: string): readonly string[] {
  return eventsOfLatest().flatMap((event) =>
    event.type === 'machine.created' && event.name === 'm0' && event.attempts.some((ref) => ref.test === test)
      ? [event.machine]
      : [],
  )
}

function known(name: string, text: string): string {
  const path = join(world.folder, name)
  writeFileSync(path, text)
  return path
}

describe('--retries', () => {
  it('makes every attempt on a machine of its own, keeps each, and pays for faults apart', SLOW, async () => {
    const { exitCode, stdout } = await runInOrder('retried.*', '--no-fork', '--retries', '1')
    await expect(comparable(stdout, world)).toMatchFileSnapshot('golden/retried.txt')
    expect(exitCode).toBe(0)
    // They shared their first boot; that `one` passes later shows that its machine was fresh.
    expect(attemptsOf('retried.one')).toEqual(['1 failed', '2 passed'])
    expect(attemptsOf('retried.two')).toEqual(['1 passed'])
    expect(attemptsOf('retried.loses-one')).toEqual(['1 infra', '2 failed', '3 passed'])
    expect(new Set(machinesOf('retried.one')).size).toBeGreaterThanOrEqual(2)
    const strict = await run('retried.one', '--retries', '1', '--fail-on-flaky')
    expect(strict.exitCode).toBe(1)
    const shown = await world.signalbox(['report', 'show'])
    expect(shown.exitCode).toBe(1)
  })
})

describe('--repeat', () => {
  it('runs each test so often on fresh machines, and says how often it passes', SLOW, async () => {
    const { exitCode, stdout } = await runInOrder('repeat.*', '--repeat', '4')
    await expect(comparable(stdout, world)).toMatchFileSnapshot('golden/repeat.txt')
    expect(exitCode).toBe(1)
    for (const test of ['passes', 'shares-a', 'shares-b']) {
      expect(attemptsOf(`repeat.${test}`)).toEqual(['1 passed', '2 passed', '3 passed', '4 passed'])
      expect(new Set(machinesOf(`repeat.${test}`)).size).toBe(4)
    }
    // A repetition that comes to nothing is tried again by its own budget.
    expect(attemptsOf('repeat.loses-machines')).toHaveLength(8)
    expect(eventsOfLatest().find(({ type }) => type === 'run.planned')).toMatchObject({ repeat: 4 })
  })

  it(
    'numbers attempts from 1 without gaps, also when many run at once and boots are shared',
    SLOW,
    async () => {
      const { exitCode } = await run(
        'repeat.passes',
        'repeat.shares*',
        '--repeat',
        '6',
        '--no-fork',
        '-j',
        '8',
      )
      expect(exitCode).toBe(0)
      for (const test of ['passes', 'shares-a', 'shares-b']) {
        expect(attemptsOf(`repeat.${test}`)).toEqual([1, 2, 3, 4, 5, 6].map((n) => `${n} passed`))
        expect(new Set(machinesOf(`repeat.${test}`)).size).toBe(6)
      }
    },
  )

  it('exits as its verdicts say: flaky with 0, unless asked otherwise', SLOW, async () => {
    expect((await run('repeat.flakes', '--repeat', '4')).exitCode).toBe(0)
    expect((await run('repeat.loses-machines', '--repeat', '1')).exitCode).toBe(3)
  })

  it('stops at the first failure with --fail-fast, and says how far it got', SLOW, async () => {
    const { exitCode, stdout } = await run('repeat.fails', '--repeat', '50', '-x', '-j', '1')
    expect(attemptsOf('repeat.fails')).toEqual(['1 failed'])
    expect(stdout).toContain('stopped after 1 of 50 repetitions')
    expect(exitCode).toBe(1)
  })

  it.each([['--retries', '1'], ['--retry-isolated'], ['--audit-fork', '5%']])(
    'does not go with %s',
    SLOW,
    async (...args) => {
      const { exitCode, stderr, stdout } = await run('repeat.passes', '--repeat', '2', ...args)
      expect(stderr).toContain(`--repeat and ${args[0]} do not go together`)
      expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
    },
  )
})

describe('--retry-isolated', () => {
  const isolated = ['--retry-isolated', '--quiet-wait', '0'] as const

  it('tells what fails under load from what is broken', SLOW, async () => {
    const { exitCode, stdout } = await run('load.*', ...isolated, '-j', '3')
    expect(stdout).toMatch(/≈ load.bears-none .*passed alone[^(]*failed under load \(beside 2 other jobs\)/)
    expect(stdout).toMatch(/✗ load.is-broken .*\(failed alone too/)
    expect(stdout).toContain('2 failed tests are tried once more, one at a time, with nothing beside')
    expect(exitCode).toBe(1)
    const events = eventsOfLatest()
    // Each alone: between its start and its end nothing else begins or ends.
    const after = events.slice(
      events.findIndex((event) => event.type === 'attempt.started' && event.isolated),
    )
    const moments = after.flatMap((event) =>
      event.type === 'attempt.started' || event.type === 'attempt.finished'
        ? [`${event.type} ${event.attempt.n}`]
        : [],
    )
    expect(moments).toEqual([
      'attempt.started 2',
      'attempt.finished 2',
      'attempt.started 2',
      'attempt.finished 2',
    ])
    for (const event of after) if (event.type === 'attempt.finished') expect(event.beside).toBeUndefined()
  })

  it('still happens when --max-failures has stopped the rest', SLOW, async () => {
    const { exitCode, stdout } = await run('repeat.fails', 'repeat.passes', ...isolated, '-x', '-j', '1')
    expect(attemptsOf('repeat.fails')).toEqual(['1 failed', '2 failed'])
    expect(stdout).toMatch(/1 failed.*1 missing/)
    expect(exitCode).toBe(1)
  })

  it('comes after the retries, and a fault of it is paid by its own budget', SLOW, async () => {
    const { exitCode } = await run('repeat.fails', ...isolated, '--retries', '2')
    expect(attemptsOf('repeat.fails')).toEqual(['1 failed', '2 failed', '3 failed', '4 failed'])
    expect(exitCode).toBe(1)
  })
})

it('--max-failures starts nothing new after so many', SLOW, async () => {
  const args = ['outcome.fails-*', '--max-failures', '2', '-j', '1', '--no-fork']
  const { stdout, exitCode } = await world.signalbox([
    'run',
    ...args,
    ...world.target,
    ...world.corpus('outcomes'),
  ])
  expect(exitCode).toBe(1)
  expect(stdout).toMatch(/2 failed.*2 missing/)
})

describe('--known-failures', () => {
  const file = known(
    'known.yaml',
    [
      '# what we know',
      '- pattern: repeat.fails',
      '  reason: false is false',
      '  tracker: https://example.org/issues/1',
      '- pattern: repeat.passes',
      '  reason: it should not',
      '  tracker: https://example.org/issues/2',
      '  mode: must-fail',
      "- { pattern: 'load.*', reason: too slow here, mode: skip, expires: 2999-01-01 }",
      '- { pattern: repeat.flakes, reason: old, expires: 2020-01-01 }',
      '- { pattern: repeat.shares-a, reason: was broken once }',
      '- { pattern: repeat.fials, reason: a typo }',
      '- { pattern: repeat.shares-b, reason: only there, platforms: [aws] }',
      '- { pattern: repeat.loses-machines, reason: no machines, mode: must-fail }',
      '',
    ].join('\n'),
  )

  it('warns, skips, and says when a bug is gone; what does nothing is said', SLOW, async () => {
    const { exitCode, stdout } = await runInOrder(
      'repeat.fails',
      'repeat.passes',
      'load.*',
      'repeat.shares*',
      'repeat.loses-machines',
      '--known-failures',
      file,
      '--retries',
      '2',
    )
    await expect(comparable(stdout, world)).toMatchFileSnapshot('golden/known-failures.txt')
    expect(exitCode).toBe(1)
    // No retry is spent on what is known.
    expect(attemptsOf('repeat.fails')).toEqual(['1 failed'])
    expect(attemptsOf('repeat.loses-machines')).toEqual(['1 infra', '2 infra'])
    const planned = eventsOfLatest().find((event) => event.type === 'run.planned')
    expect(
      planned?.tests.flatMap(({ test, knownFailure }) => (knownFailure ? [[test, knownFailure.mode]] : [])),
    ).toEqual([
      ['load.bears-none', 'skip'],
      ['load.burdens', 'skip'],
      ['load.is-broken', 'skip'],
      ['repeat.fails', 'warn'],
      ['repeat.loses-machines', 'must-fail'],
      ['repeat.passes', 'must-fail'],
      ['repeat.shares-a', 'warn'],
    ])
    for (const report of ['results.tap', 'junit.xml', 'run.json', 'summary.md']) {
      const text = readFileSync(join(world.output, 'latest', report), 'utf8')
      expect(text).toContain('false is false')
      expect(text).toContain('example.org/issues/1')
    }
  })

  it('exits with 77 when there are only warnings', SLOW, async () => {
    expect((await run('repeat.fails', 'repeat.shares*', '--known-failures', file)).exitCode).toBe(77)
    expect((await world.signalbox(['report', 'show'])).exitCode).toBe(77)
    expect((await run('repeat.fails', '--ignore-known-failures')).exitCode).toBe(1)
  })

  it('changes the digest of the plan: what is expected is fixed before anything starts', SLOW, async () => {
    const digest = async (...args: readonly string[]): Promise<string> => {
      await run('repeat.fails', ...args)
      return eventsOfLatest().find((event) => event.type === 'run.planned')?.digest ?? ''
    }
    const [plain, warned, moved] = [
      await digest(),
      await digest('--known-failures', file),
      await digest('--known-failures', known('moved.yaml', `# moved\n\n${readFileSync(file, 'utf8')}`)),
    ]
    expect(warned).not.toBe(plain)
    expect(moved).toBe(warned)
  })

  it("takes kola's denylist as it is", SLOW, async () => {
    const denylist = known(
      'kola-denylist.yaml',
      [
        '- pattern: repeat.fails',
        '  tracker: https://github.com/coreos/fedora-coreos-tracker/issues/1',
        '  snooze: 2020-01-01',
        '  warn: true',
        '- pattern: repeat.pass*',
        '  arches: [x86_64]',
        '- pattern: repeat.shares-a',
        '  streams: [rawhide]',
        '',
      ].join('\n'),
    )
    const { exitCode, stdout } = await run(
      'repeat.fails',
      'repeat.passes',
      'repeat.shares-a',
      '--known-failures',
      denylist,
    )
    expect(exitCode).toBe(77)
    expect(stdout).toMatch(/△ repeat.fails .*issues\/1/)
    expect(stdout).toMatch(/- repeat.passes {2}skipped: known failure: repeat.pass\*/)
    expect(stdout).toMatch(/✓ repeat.shares-a/)
  })

  it('is seen by list, and a mistake is said with its place before anything starts', SLOW, async () => {
    const target = [...world.target, ...world.corpus('flakes')]
    const listed = await world.signalbox(['list', 'repeat.*', ...target, '--known-failures', file])
    expect(listed.stdout).toContain('may fail: known failure: false is false (https://example.org/issues/1)')
    expect(listed.stderr).toContain('no test fits "repeat.fials"; the nearest is repeat.fails')
    const wrong = known('wrong.yaml', '- pattern: a\n  reason: r\n  expries: 2026-01-01\n')
    const refused = await run('repeat.passes', '--known-failures', wrong)
    expect(refused.stderr).toMatch(/wrong.yaml:3:3: unknown key "expries"[^]*did you mean "expires"/)
    expect({ code: refused.exitCode, stdout: refused.stdout }).toEqual({ code: 2, stdout: '' })
  })
})
