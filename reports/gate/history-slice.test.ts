// The slice of a real history: the rows are those that the runs themselves would make.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { importRun, openHistory } from '../history/index.ts'
import { historyRowsOf } from './from-record.ts'
import { gateRun, recordOf, type RecordOptions } from './gate.test.data.ts'
import { sliceHistory } from './history-slice.ts'
import { historyText, parseHistory } from './parse-inputs.ts'

it('has what was tried and what flaked, of the tests and the time that are asked for', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-slice-'))
  try {
    await using history = await openHistory(join(folder, 'history.db'))
    const runs: readonly RecordOptions[] = [
      { run: 'r1', at: '2026-02-01T00:00:00Z', tests: { a: ['F', 'P'], b: ['P'], c: ['P'] } },
      { run: 'r2', at: '2026-02-02T00:00:00Z', repeat: 4, tests: { a: ['P', 'F', 'P', 'P'] } },
      { run: 'r3', at: '2026-02-03T00:00:00Z', channel: 'beta', tests: { a: ['I', 'P'], b: ['F', 'F'] } },
      { run: 'old', at: '2025-02-03T00:00:00Z', tests: { a: ['P'] } },
    ]
    for (const options of runs) await importRun(history, { run: recordOf(options), source: 'run.json' })
    const rows = await sliceHistory(history, {
      tests: ['a', 'b'],
      sinceMs: Date.parse('2026-01-01'),
      untilMs: Date.parse('2026-03-01'),
    })
    const expected = runs
      .slice(0, 3)
      .flatMap((options) => historyRowsOf(gateRun(options)))
      .filter(({ test }) => test !== 'c')
      .map((row) => ({ ...row, at: new Date(row.at).toISOString() }))
    const key = (row: object): string => JSON.stringify(row)
    expect(rows.toSorted((x, y) => (key(x) < key(y) ? -1 : 1))).toEqual(
      expected.toSorted((x, y) => (key(x) < key(y) ? -1 : 1)),
    )
    expect(parseHistory(historyText(rows), 'history.json')).toHaveLength(rows.length)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

it.each([
  ['{"schema":"signalbox.gate-history/1","rows":[["r","2026-01-01","p","a",1,2]]}', /a row is not run, at/],
  ['{"schema":"signalbox.gate-history/2","rows":[]}', /not of the schema/],
  ['{"schema":"signalbox.gate-history/1","rows":[', /no JSON, or cut off/],
])('a damaged slice is refused: %s', (text, why) => {
  expect(() => parseHistory(text, 'history.json')).toThrow(why)
})
