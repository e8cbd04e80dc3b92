// That the suite can fail: each defect is put into the machines, and exactly the tests that look for it turn red. The defects of one
// run are there at once, since each breaks something else.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { SignalboxEvent } from '../events.ts'
import { cacheFolder } from '../folders.ts'
import { createCliWorld } from './cli.test.fixture.ts'
import { asIgnition, type Defect } from './defect-parts.test.data.ts'
import { defectRuns } from './defect-runs.test.data.ts'

const world = createCliWorld({ cache: cacheFolder() })
afterAll(() => world[Symbol.dispose]())

interface Detection {
  readonly outcome: string
  /** All that the failures say. */
  readonly said: string
}

/** What became of each test that did not pass, by test: a host that fails, or a test that takes too long, has detected nothing. */
function detections(): ReadonlyMap<string, Detection> {
  const lines = readFileSync(join(world.output, 'latest', 'events.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
  const found = new Map<string, Detection>()
  for (const line of lines) {
    const event = JSON.parse(line) as SignalboxEvent
    if (event.type !== 'attempt.finished' || event.outcome === 'passed' || event.outcome === 'skipped')
      continue
    const said = event.failures.map(({ message, evidence = [] }) => [message, ...evidence].join('\n'))
    found.set(event.attempt.test, { outcome: event.outcome, said: said.join('\n') })
  }
  return found
}

function tableOf(defects: readonly Defect[]): string {
  const rows = defects.map(({ name, subject, detectedBy }) => [
    subject,
    name,
    Object.keys(detectedBy).join(', '),
  ])
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n')
}

it.each(defectRuns)(
  'each defect turns exactly its tests red: $title',
  { timeout: 90 * 60_000 },
  async ({ defects, options, tests }) => {
    const config = join(world.folder, 'defects.ign')
    writeFileSync(config, asIgnition(defects))
    const { exitCode, stdout, stderr } = await world.signalbox([
      'run',
      ...tests,
      ...options,
      '--append-ignition',
      config,
      '--retries',
      '0',
    ])
    const found = detections()
    const expected = defects.flatMap(({ detectedBy }) => Object.keys(detectedBy))
    expect([...found.keys()].toSorted(), `${stdout}\n${stderr}`).toEqual(expected.toSorted())
    for (const { name, detectedBy } of defects)
      for (const [test, message] of Object.entries(detectedBy))
        expect
          .soft(found.get(test), `${name}: ${test}`)
          .toEqual({ outcome: 'failed', said: expect.stringMatching(message) as string })
    expect(exitCode, stderr).toBe(1)
    process.stdout.write(`${tableOf(defects)}\n`)
  },
)
