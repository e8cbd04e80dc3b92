// Nights in a row through the real command line, on the fake platform: what has changed, one at a time, and what a killed one leaves.

import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { comparable, createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const SLOW = { timeout: 240_000 }
const project = join(world.folder, 'project')
mkdirSync(project)
const history = join(world.folder, 'history', 'nights.sqlite')
const summary = join(world.folder, 'job-summary.md')

writeFileSync(
  join(project, 'signalbox.config.json'),
  JSON.stringify({
    platform: 'fake',
    image: '../disk.raw',
    distro: 'reference',
    tests: [join(import.meta.dirname, 'corpus', 'nightly.test.corpus.ts')],
    quietWaitSeconds: 0,
    matrix: { architecture: ['x86_64', 'arm64'], firmware: ['uefi'] },
  }),
)

beforeEach(() => {
  rmSync(join(world.folder, 'history'), { recursive: true, force: true })
  rmSync(summary, { force: true })
})

const env = { SIGNALBOX_HISTORY: history, GITHUB_STEP_SUMMARY: summary }
const nightly = async (night: string, ...args: readonly string[]) => {
  const result = await world.signalbox(['nightly', ...args], { ...env, NIGHT: night }, project)
  return { ...result, stdout: comparable(result.stdout, world), stderr: comparable(result.stderr, world) }
}
const section = (markdown: string, title: string): readonly string[] =>
  [
    ...(markdown.split(`## ${title}\n`)[1]?.split('\n## ')[0] ?? '').matchAll(
      /^\| <code>(.*?)<\/code> \| <code>(.*?)<\/code>/gm,
    ),
  ].map(([, test = '', target = '']) => `${test} ${target.replaceAll('\\', '')}`)

it(
  'says what has changed since the night before, once on standard output and once in the job',
  SLOW,
  async () => {
    const file = join(world.folder, 'nightly.md')
    const first = await nightly('1', '--summary', file)
    expect(first.exitCode, first.stderr).toBe(1)
    expect(first.stdout).toMatch(
      /^# Nightly: exit code 1\n\nExit code 1\. There is no earlier nightly of this config to compare with\.\n/,
    )
    expect(comparable(readFileSync(file, 'utf8'), world)).toBe(first.stdout)
    expect(comparable(readFileSync(summary, 'utf8'), world).trimEnd()).toBe(first.stdout.trimEnd())
    // What failed was tried again alone, and the list is not in the summary.
    expect(first.stderr).toMatch(/tried again, alone|isolated|alone/)
    const second = await nightly('2')
    expect(second.exitCode).toBe(1)
    expect(second.stdout).toMatch(
      /^# Nightly: 1 new failure, 2 fixed, 2 still failing\n\nExit code 1\. Compared with that of \d{4}-\d\d-\d\d \d\d:\d\d UTC \(run <code><run><\/code>\)\.\n/,
    )
    expect(section(second.stdout, 'New failures')).toEqual(['nightly.breaks fake-arm64-uefi'])
    expect(section(second.stdout, 'Fixed')).toEqual([
      'nightly.is-mended fake-arm64-uefi',
      'nightly.is-mended fake-x86_64-uefi',
    ])
    expect(second.stdout).toMatch(/nightly\.breaks<\/code> \*\*fails only on arm64\*\*/)
    expect(readFileSync(join(world.output, 'latest', 'nightly.md'), 'utf8')).toContain(
      '# Nightly: 1 new failure',
    )
    // Another name is another series.
    const other = await nightly('2', '--name', 'mine', '--target', '*x86*', '--json')
    expect(JSON.parse(other.stdout)).toMatchObject({ before: null, comparison: null, exitCode: 1 })
  },
)

it('runs one at a time, and the next one says of a killed one that it did not end', SLOW, async () => {
  const child = world.start(
    ['nightly', 'nightly.wakes', 'nightly.is-green'],
    { ...env, NIGHT: 'long' },
    project,
  )
  const finishedOne = (): boolean => {
    try {
      return /"test\.finished"/.test(readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8'))
    } catch {
      return false
    }
  }
  rmSync(join(world.output, 'latest'), { force: true })
  await expect.poll(finishedOne, { timeout: 120_000 }).toBe(true)
  const refused = await nightly('2')
  expect(refused.stderr).toMatch(/^error: a nightly of this history is running since .*: process \d+ on /m)
  expect(refused.exitCode).toBe(3)
  expect(refused.stdout).toBe('')
  const ended = once(child, 'close')
  child.kill('SIGKILL')
  await ended
  const next = await nightly('2', 'nightly.wakes', 'nightly.is-green')
  expect(next.exitCode, next.stderr).toBe(0)
  const lost =
    /the nightly that began at \S+ on \S+ did not end: it was killed, or its host went down; what it left in \S+ is in the history \(2 runs\)/
  expect(next.stderr).toMatch(lost)
  expect(next.stdout).toMatch(/did not end: it was killed/)
  // It is nothing to compare with.
  expect(next.stdout).toContain('There is no earlier nightly of this config')
  const runs = await world.signalbox(['history', 'query', 'runs', '--json'], env)
  expect((JSON.parse(runs.stdout) as { state: string }[]).map(({ state }) => state).toSorted()).toEqual([
    'finished',
    'finished',
    'incomplete',
    'incomplete',
  ])
})

it('ends in a proper state when it is interrupted', SLOW, async () => {
  const child = world.start(['nightly', 'nightly.wakes'], { ...env, NIGHT: 'long' }, project)
  rmSync(join(world.output, 'latest'), { force: true })
  const log = join(world.output, 'latest', 'events.jsonl')
  await expect
    .poll(() => existsSync(log) && readFileSync(log, 'utf8').includes('"body"'), { timeout: 120_000 })
    .toBe(true)
  child.kill('SIGTERM')
  const [exitCode] = (await once(child, 'close')) as [number | null]
  expect(exitCode).toBe(130)
  const next = await nightly('2', 'nightly.wakes')
  expect(next.stderr).not.toMatch(/did not end/)
  expect(next.stdout).toMatch(/Compared with that of/)
})

describe('before anything starts', () => {
  it('says with --dry-run what it would do, and leaves no trace', SLOW, async () => {
    const { stdout, exitCode } = await nightly('1', '--dry-run')
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^ {2}2 targets together +10 /m)
    expect(stdout).toMatch(/^ {2}audit +5 % of the forked tests/m)
    expect(stdout).toMatch(
      /history +<folder>\/history\/nights\.sqlite\n {2}compared with +nothing: no nightly of this config has ended yet\n$/,
    )
    expect(existsSync(history)).toBe(false)
  })

  it.each([
    [['--summary', '/nonexistent/folder/nightly.md'], /the summary cannot be written to/, 2],
    [['--target', 'nonsense'], /no target matches "nonsense"/, 2],
    [['--history', 'mysql://x/y'], /the history cannot be kept in a "mysql" database/, 2],
  ])('refuses %j', SLOW, async (args, message, code) => {
    const { stderr, exitCode, stdout } = await nightly('1', ...args)
    expect(stderr).toMatch(message)
    expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: '' })
  })
})
