// External tests through the real command line, as far as no machine is needed: what is listed, skipped and refused.

import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { SignalboxEvent } from '../events.ts'
import { comparable, createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const TIMEOUT_MS = 120_000
const corpus = join(import.meta.dirname, 'corpus', 'external')

function folderWith(name: string, test: string): string {
  const folder = join(world.folder, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'check'), test)
  chmodSync(join(folder, 'check'), 0o755)
  return folder
}

it('lists external tests, their kola names, and why some are skipped', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, stdout, stderr } = await world.signalbox(['list', '--external', corpus, ...world.target])
  expect(stderr).toBe('')
  expect(exitCode).toBe(0)
  await expect(comparable(stdout, world)).toMatchFileSnapshot('golden/external-list.txt')
})

it('finds the folders in the environment, and the tests by kola name', { timeout: TIMEOUT_MS }, async () => {
  const { stdout } = await world.signalbox(
    ['list', 'ext.external.nested.deep.Reads-Data.sh', ...world.target],
    { SIGNALBOX_EXTERNAL: corpus },
  )
  expect(stdout).toMatch(/^ext\.external\.nested\.deep\.reads-data\.sh /)
  expect(stdout).toMatch(/1 tests? for/)
})

it('runs nothing and says why when all are skipped', { timeout: TIMEOUT_MS }, async () => {
  const { exitCode, stdout } = await world.signalbox([
    'run',
    'ext.external.special',
    'ext.external.not-for-us-2',
    '--external',
    corpus,
    ...world.target,
  ])
  expect(stdout).toMatch(/- ext\.external\.special {2}skipped: runs only with --tag special/)
  expect(stdout).toMatch(/skipped: needs 2 NUMA nodes; a fake machine boots nothing/)
  expect(exitCode).toBe(0)
})

it('refuses a wrong header with its place and the nearest key', { timeout: TIMEOUT_MS }, async () => {
  const folder = folderWith('wrong', '#!/bin/bash\n## kola:\n##   exlusive: false\n')
  const { exitCode, stdout, stderr } = await world.signalbox(['run', '--external', folder, ...world.target])
  expect(stderr).toMatch(/wrong\/check:3:6: .*unknown key "exlusive"/)
  expect(stderr).toMatch(/did you mean "exclusive"\?/)
  expect(stderr).not.toMatch(/^\s+at /m)
  expect(stdout).toBe('')
  expect(exitCode).toBe(2)
})

it(
  'runs tests that share a machine on one clone, and on another after it is lost',
  { timeout: TIMEOUT_MS * 3 },
  async () => {
    const { exitCode, stdout } = await world.signalbox([
      'run',
      ...world.target,
      ...world.corpus('one-machine'),
      '-j',
      '1',
    ])
    expect(stdout).toMatch(/✓ together\.a/)
    expect(stdout).toMatch(/✗ together\.b-fails/)
    expect(stdout).toMatch(/✓ together\.c/)
    expect(stdout).toMatch(/✓ together\.d-apart/)
    expect(stdout).toMatch(/✓ lost\.a-dies/)
    expect(stdout).toMatch(/✓ lost\.b/)
    expect(exitCode).toBe(1)
    const users = readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as SignalboxEvent)
      .flatMap((event) =>
        event.type === 'machine.created' && event.origin === 'fork' ? [event.attempts] : [],
      )
      .map((attempts) => attempts.map(({ test }) => test))
    expect(users).toContainEqual(['together.a', 'together.b-fails', 'together.c'])
    expect(users).toContainEqual(['together.d-apart'])
  },
)

it('refuses a folder without tests', { timeout: TIMEOUT_MS }, async () => {
  const folder = join(world.folder, 'empty')
  mkdirSync(folder)
  const { exitCode, stderr } = await world.signalbox(['list', '--external', folder, ...world.target])
  expect(stderr).toMatch(/no executable file in .*empty/)
  expect(exitCode).toBe(2)
})

it('loads test files beside external ones where both are named', { timeout: TIMEOUT_MS }, async () => {
  const { stdout } = await world.signalbox([
    'list',
    '--external',
    corpus,
    ...world.target,
    ...world.corpus('waiting'),
  ])
  expect(stdout).toContain('outcome.waits')
  expect(stdout).toContain('ext.external.basic')
})
