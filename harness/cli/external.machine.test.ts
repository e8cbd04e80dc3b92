// External tests on real machines, through the real command line: the example suite, reboots, and every fault.

import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { EventOf, SignalboxEvent } from '../events.ts'
import { cacheFolder } from '../folders.ts'
import { createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld({ cache: cacheFolder() })
afterAll(() => world[Symbol.dispose]())

const corpus = (name: string): readonly string[] => ['--external', join(import.meta.dirname, 'corpus', name)]
const latest = (path: string): string => join(world.output, 'latest', path)

function eventsOfLatest(): readonly SignalboxEvent[] {
  return readFileSync(latest('events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SignalboxEvent)
}

const of = <T extends SignalboxEvent['type']>(type: T): readonly EventOf<T>[] =>
  eventsOfLatest().filter((event): event is EventOf<T> => event.type === type)

const endOf = (test: string): EventOf<'attempt.finished'> | undefined =>
  of('attempt.finished').find(({ attempt }) => attempt.test === test)

it('runs the example suite: data, environment, skips, TAP; what may share a machine does', async () => {
  const { exitCode, stdout } = await world.signalbox([
    'run',
    'ext.external.basic',
    'ext.external.shared',
    'ext.external.tap',
    'ext.external.nested',
    ...corpus('external'),
  ])
  expect(stdout).toMatch(/✓ ext\.external\.basic/)
  expect(stdout).toMatch(/✓ ext\.external\.shared\.one/)
  expect(stdout).toMatch(/✓ ext\.external\.shared\.two/)
  expect(stdout).toMatch(/- ext\.external\.shared\.three-skips .*no moon tonight/)
  expect(stdout).toMatch(/✓ ext\.external\.tap\.good/)
  expect(stdout).toMatch(
    /✗ ext\.external\.tap\.bad .*1 of 3 subtests failed: "red <script>alert\(1\)<\/script>"/,
  )
  expect(stdout).toMatch(/^ {6}✗ red <script>alert\(1\)<\/script>: \{"got":1,"wanted":2\}/m)
  expect(stdout).toMatch(/✓ ext\.external\.nested\.deep\.reads-data\.sh/)
  expect(exitCode).toBe(1)
  const together = of('machine.created').filter(({ attempts, name }) => name === 'm0' && attempts.length > 1)
  expect(together).toHaveLength(1)
  // It conflicts with shared.one by name.
  expect(together[0]?.attempts.map(({ test }) => test)).not.toContain('ext.external.shared.three-skips')
  expect(
    of('subtest.finished').filter(({ attempt }) => attempt.test === 'ext.external.tap.good'),
  ).toHaveLength(3)
  const file = of('attachment').find(({ name }) => name === 'ext.external.shared.one.txt')
  expect(readFileSync(latest(file?.path ?? ''), 'utf8')).toBe('hello one\n')
  const journal = of('attachment').find(({ name }) => name === 'journal.txt')
  expect(readFileSync(latest(journal?.path ?? ''), 'utf8')).toMatch(/^kola-runext\[\d+\]: /m)
})

it('reboots as the test asks: at once, later by itself, and softly; the marks come back', async () => {
  const { exitCode, stdout } = await world.signalbox(['run', 'ext.external.reboot', ...corpus('external')])
  expect(stdout).toMatch(/✓ ext\.external\.reboot/)
  expect(exitCode).toBe(0)
  const steps = of('step.started').filter(({ category }) => category === 'reboot')
  expect(steps.map(({ title }) => title)).toEqual([
    'reboot of m0, mark "mark 1"',
    'reboot of m0, mark "it\'s 2"',
    'soft-reboot of m0, mark "three"',
  ])
})

it('runs on every machine of a cluster at once', async () => {
  const { exitCode, stdout } = await world.signalbox(['run', 'ext.external.cluster', ...corpus('external')])
  expect(stdout).toMatch(/✓ ext\.external\.cluster/)
  expect(exitCode).toBe(0)
  expect(
    of('subtest.finished')
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(['m0 > this is m0', 'm1 > this is m1'])
})

it('survives every fault of a test, and blames the test that did it', async () => {
  const { exitCode, stdout } = await world.signalbox([
    'run',
    ...'abcdefghijklm'.split('').map((letter) => `ext.external-faults.${letter}-*`),
    ...corpus('external-faults'),
  ])
  expect(stdout).toMatch(
    /✗ \S+\.a-hangs .*did not end within 24 s on m0; it was killed with all it had started/,
  )
  expect(stdout).toMatch(/│ about to hang/)
  expect(stdout).toMatch(/✓ \S+\.b-leaves-a-child/)
  expect(stdout).toMatch(/✗ \S+\.c-floods .*exit status 5: END/)
  const flood = of('attachment').find(({ name }) => name.endsWith('c-floods.txt'))
  const path = latest(flood?.path ?? '')
  expect(statSync(path).size).toBeLessThan(6 * 1024 * 1024)
  const text = readFileSync(path, 'utf8')
  expect(text.startsWith('BEGIN\n0123')).toBe(true)
  expect(text.endsWith('END\n')).toBe(true)
  expect(text).toMatch(/\[signalbox: \d+ bytes are left out here: 1000000\d\d bytes came\]/)
  expect(stdout).toMatch(/✗ \S+\.d-invalid-tap .*the TAP output is not valid: incorrect number of tests/)
  expect(stdout).toMatch(/✗ \S+\.e-killed .*was ended by SIGKILL/)
  expect(stdout).toMatch(/✗ \S+\.f-no-shebang .*is no program/)
  expect(stdout).toMatch(/✗ \S+\.g-fails-a-unit .*broken-by-g\.service/)
  expect(stdout).toMatch(/✓ \S+\.h-after-it/)
  expect(stdout).toMatch(/✗ \S+\.i-stops-its-unit .*kola-runext\.service ended while the test ran/)
  expect(stdout).toMatch(/✗ \S+\.j-wants-to-reboot .*may not reboot it/)
  expect(stdout).toMatch(/✗ \S+\.k-has-no-interpreter .*exit status 12[67]/)
  expect(stdout).toMatch(/✗ \S+\.l-stops-sshd .*exit status 3: sshd is stopped/)
  expect(stdout).toMatch(/✓ \S+\.m-after-sshd/)
  expect(exitCode).toBe(1)
  expect(of('machine.created').filter(({ name }) => name === 'm0')).toHaveLength(1)
  // Each failure is a product failure of its own test, and nothing else.
  expect(endOf('ext.external-faults.a-hangs')?.failures.map(({ code }) => code)).toEqual(['external-timeout'])
})

it('gives a reboot that never comes a time, names the phase and shows the console', async () => {
  const { exitCode, stdout } = await world.signalbox([
    'run',
    'ext.external-faults.never-back',
    '--boot-timeout',
    '45',
    ...corpus('external-faults'),
  ])
  expect(stdout).toMatch(/✗ \S+\.never-back .*waited 45 s for the reboot; last seen: /)
  expect(stdout).toMatch(/console: .*but it does not reboot/)
  expect(exitCode).toBe(1)
})
