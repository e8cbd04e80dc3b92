// `report merge` through the real command line, over shards that were run on fake machines.

import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { comparable, createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld()
afterAll(() => world[Symbol.dispose]())
const SLOW = { timeout: 120_000 }

const merge = async (folders: readonly string[], output: string) => {
  const { exitCode, stdout, stderr } = await world.signalbox(['report', 'merge', ...folders, '-o', output])
  const files = exitCode === 2 ? [] : readdirSync(output).toSorted()
  const reports = files.map((file) => [file, readFileSync(join(output, file), 'utf8')] as const)
  return { exitCode, stderr, stdout: stdout.replaceAll(output, '<output>'), reports }
}

it('makes one report of shards, the same in any order, with files that are found', SLOW, async () => {
  const names = ['outcome.passes', 'outcome.fails-softly', 'outcome.skips', 'outcome.panics']
  const shards: string[] = []
  for (const shard of ['1/2', '2/2']) {
    const args = ['run', ...names, '--shard', shard, ...world.target, ...world.corpus('outcomes'), '-j', '1']
    await world.signalbox(args)
    const [run = ''] = readdirSync(world.output).filter(
      (name) => /^\d{8}-/.test(name) && !shards.some((path) => path.endsWith(name)),
    )
    shards.push(join(world.output, run))
  }
  const [first = '', second = ''] = shards
  // The second one was killed while it wrote its last line.
  const events = join(second, 'events.jsonl')
  truncateSync(events, readFileSync(events).length - 5)
  const output = join(world.folder, 'one')
  const one = await merge([first, second], output)
  const other = await merge([second, first, world.output], join(world.folder, 'two'))
  expect(one).toEqual(other)
  expect(one.exitCode).toBe(1)
  expect(one.reports.map(([file]) => file)).toEqual([
    'events.jsonl',
    'junit.xml',
    'report.html',
    'results.tap',
    'run.json',
    'summary.md',
  ])
  expect(comparable(one.stdout, world)).toMatch(/4 tests planned, 4 finished/)
  expect(one.stdout).toMatch(/shard 1 of 2[^]*shard 2 of 2/)
  expect(one.stdout).toMatch(/events.jsonl: the last line \(\d+\) is cut off/)
  const paths = one.reports[0]?.[1].matchAll(/"path":"([^"]+)"/g) ?? []
  const found = [...paths].map(([, path = '']) => existsSync(join(output, path)))
  expect(found.length).toBeGreaterThan(4)
  expect(found).not.toContain(false)
  const shown = await world.signalbox(['report', 'show', output])
  expect(shown.exitCode).toBe(1)
})

it('refuses folders without events, and to write over what it reads', SLOW, async () => {
  const empty = join(world.folder, 'empty')
  mkdirSync(empty)
  const nothing = await merge([empty], join(world.folder, 'three'))
  expect(nothing.stderr).toMatch(/no events.jsonl in .*; it is empty/)
  expect(nothing.exitCode).toBe(2)
  const run = join(world.output, readdirSync(world.output).find((name) => /^\d{8}-/.test(name)) ?? '')
  const before = readFileSync(join(run, 'events.jsonl'), 'utf8')
  const over = await merge([run], run)
  expect(over.stderr).toMatch(/cannot be written to .*: it is one of those to be merged[^]*--output/)
  expect(over.exitCode).toBe(2)
  expect(readFileSync(join(run, 'events.jsonl'), 'utf8')).toBe(before)
})
