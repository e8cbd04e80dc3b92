// Tests that share a machine whose journal comes late: a unit that failed, or a line of trouble, is held against the test that
// did it.

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { SignalboxEvent } from '../events.ts'
import { createCliWorld } from './cli.test.fixture.ts'
import { fakeMachine } from './fake-machine.test.data.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const SLOW = { timeout: 120_000 }

const PROGRAMS: Readonly<Record<string, string>> = {
  a: '',
  'b-breaks': 'fake fail-unit by-b.service',
  c: '',
  'd-fails': 'fake fail-unit by-d.service\nexit 3',
  e: '',
  'f-skips': 'fake fail-unit by-f.service\nexit 77',
  'g-breaks-it-again': 'fake fail-unit by-b.service',
  h: '',
  i: '',
}

/** A project of external tests for a machine whose journal is that late. */
function projectOf(journalLagMs: number, programs: Readonly<Record<string, string>>): readonly string[] {
  const folder = join(world.folder, `late-${journalLagMs}`)
  mkdirSync(folder)
  writeFileSync(join(folder, 'config.ign'), JSON.stringify(fakeMachine({ journalLagMs })))
  for (const [name, commands] of Object.entries(programs)) {
    const path = join(folder, name)
    writeFileSync(path, `#!/bin/sh\n# kola: { "exclusive": false }\n${commands}\n`)
    chmodSync(path, 0o755)
  }
  return ['--external', folder]
}

/** Runs it all on booted machines, one test after the other; returns its events. */
async function run(...corpus: readonly string[]): Promise<readonly SignalboxEvent[]> {
  const { stderr } = await world.signalbox(['run', ...corpus, ...world.target, '-j', '1', '--no-fork'])
  expect(stderr).toBe('')
  return readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SignalboxEvent)
}

/** `late.a: passed`, with the failures of those that have some, in the order they ended. */
function ends(events: readonly SignalboxEvent[]): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'attempt.finished'
      ? [
          [
            `${event.attempt.test.replace(/^ext\.late-\d+\./, '')}: ${event.outcome}`,
            ...event.failures.map(({ message }) => message),
          ].join(': '),
        ]
      : [],
  )
}

/** Tests after which systemd was asked for failed units. */
function asked(events: readonly SignalboxEvent[]): readonly string[] {
  return events.flatMap((event) =>
    event.type === 'command.finished' && event.command.includes('NFailedUnits')
      ? [event.attempt?.test.split('.').at(-1) ?? '']
      : [],
  )
}

const EXTERNAL_ENDS = [
  'a: passed',
  'b-breaks: failed: m0: failed units: by-b.service',
  'c: passed',
  expect.stringMatching(/^d-fails: failed: the test ended with exit status 3[^:]*$/),
  'e: passed',
  'f-skips: skipped',
  'g-breaks-it-again: failed: m0: failed units: by-b.service',
  'h: passed',
  'i: passed',
]

it.each([0, 50, 2000])(
  'external tests: asks systemd, whatever a journal %i ms late says',
  SLOW,
  async (lagMs) => {
    const events = await run(...projectOf(lagMs, PROGRAMS))
    // A test that passed lets the next one begin while its journal is still waited for: they may end in another order.
    expect(ends(events).toSorted()).toEqual(EXTERNAL_ENDS)
    // By a command the first time, and where there is something to hear; else over the line that stays open.
    expect(asked(events)).toEqual(['a', 'b-breaks', 'd-fails', 'f-skips', 'g-breaks-it-again'])
  },
)

it(
  'external tests: a line that comes late is held against the test in which it was written',
  SLOW,
  async () => {
    const trouble = 'fake log Dependency failed for by-b.service'
    const programs = { a: '', 'b-waits': trouble, c: '', d: 'fake log harmless', e: '' }
    const events = await run(...projectOf(600, programs))
    expect(ends(events).toSorted()).toEqual([
      'a: passed',
      expect.stringMatching(/^b-waits: failed: m0: .*Dependency failed for by-b/),
      'c: passed',
      'd: passed',
      'e: passed',
    ])
  },
)

it('tests without a runner: asks systemd each time', SLOW, async () => {
  const events = await run(...world.corpus('lagging-journal'))
  expect(ends(events)).toEqual([
    'late.a: passed',
    'late.b-breaks: failed: m0: failed units: by-b.service',
    'late.c-after: passed',
    'late.d-does-not-mind: passed',
    'late.e-after: passed',
    expect.stringMatching(/^late\.f-fails: failed: .*\bfalse\b/),
    'late.g-after: passed',
    'group.a: passed',
    'group.b-breaks: failed: m0: failed units: by-b.service',
    'group.c-skips: skipped',
    'group.d-after: passed',
  ])
})
