// The history in a file of SQLite.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { codeOf } from '../../harness/errors.ts'
import type { RunSummary } from '../run-summary.ts'
import { mixedRun } from '../sample-events.test.data.ts'
import { summarize } from '../summarize.ts'
import { historySuite } from './history.test.suite.ts'
import { nightlySuite } from './nightlies.test.suite.ts'
import { findRuns, historyPlace, importRun, openHistory, shownPlace } from './index.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-history-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

describe('sqlite', () => {
  historySuite(async () => await openHistory(join(folder, 'deep', 'history.sqlite')))
  nightlySuite(async () => await openHistory(join(folder, 'deep', 'history.sqlite')))
})

describe('a file', () => {
  const run = (name: string): RunSummary => {
    const [found] = summarize(mixedRun({ run: name })).runs
    if (found === undefined) throw new Error('no run')
    return found
  }
  const file = (): string => join(folder, 'history.sqlite')
  const code = async (work: () => Promise<unknown>): Promise<unknown> =>
    await work().then(
      () => 'done',
      (error: unknown) => codeOf(error),
    )

  test('that another process writes to is waited for, and then said to be locked', async () => {
    await using history = await openHistory(file(), { busyTimeoutMs: 150 })
    const other = new DatabaseSync(file())
    other.exec('BEGIN IMMEDIATE')
    const put = async (): Promise<unknown> => await importRun(history, { run: run('a'), source: 'x' })
    expect(await code(put)).toBe('history-locked')
    // Reading goes on meanwhile.
    expect(await findRuns(history, {})).toEqual([])
    other.exec('COMMIT')
    expect(await put()).toBe('added')
    other.exec('BEGIN IMMEDIATE')
    const waiting = openHistory(file(), { busyTimeoutMs: 60_000 }).then(async (patient) => {
      await using held = patient
      return await importRun(held, { run: run('b'), source: 'x' })
    })
    expect(await Promise.race([waiting, sleep(200, 'still waiting')])).toBe('still waiting')
    other.exec('COMMIT')
    expect(await waiting).toBe('added')
    other.close()
  })

  test.each([
    ['garbage', (bytes: Buffer) => bytes.fill(0x55)],
    ['a page of zeros', (bytes: Buffer) => bytes.fill(0, 4096, 65_536)],
    ['cut off', (bytes: Buffer) => bytes.subarray(0, 8192)],
  ])('that is %s is said to be damaged, and is left as it was', async (_, damage) => {
    {
      await using history = await openHistory(file())
      await importRun(history, { run: run('a'), source: 'x' })
    }
    const bytes = Buffer.from(damage(readFileSync(file())))
    writeFileSync(file(), bytes)
    const ask = async (): Promise<unknown> => {
      await using history = await openHistory(file())
      return await findRuns(history, {})
    }
    expect(await code(ask)).toBe('history-corrupt')
    expect(readFileSync(file()).equals(bytes)).toBe(true)
  })

  test('of a newer version is not touched', async () => {
    {
      await using history = await openHistory(file())
      await importRun(history, { run: run('a'), source: 'x' })
    }
    const database = new DatabaseSync(file())
    database.exec(`insert into kysely_migration (name, timestamp) values ('9999-future', '2099-01-01')`)
    database.close()
    expect(await code(async () => await openHistory(file()))).toBe('history-newer-version')
  })

  test('that cannot be made', async () => {
    writeFileSync(join(folder, 'plain'), '')
    expect(await code(async () => await openHistory(join(folder, 'plain', 'x.sqlite')))).toBe(
      'history-unusable',
    )
    expect(await code(async () => await openHistory('mysql://x/y'))).toBe('history-place')
  })
})

test.each([
  ['postgres://ci:secret@db.example/signalbox', 'postgres://ci@db.example/signalbox'],
  ['postgresql://ci:p:w@db/x?sslmode=require', 'postgresql://ci@db/x?sslmode=require'],
  ['postgres://db/x?user=ci&password=secret', 'postgres://db/x?user=ci&password=***'],
  ['postgres://ci@/x?host=/run/pg', 'postgres://ci@/x?host=/run/pg'],
])('the password of %s is not shown', (url, shown) => {
  expect(shownPlace(historyPlace(url))).toBe(shown)
})
