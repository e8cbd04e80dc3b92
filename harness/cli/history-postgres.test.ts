// The history in PostgreSQL: the same tests as for SQLite, against a real server, and through the command line.

import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { historySuite } from '../../reports/history/history.test.suite.ts'
import { nightlySuite } from '../../reports/history/nightlies.test.suite.ts'
import { findRuns, openHistory } from '../../reports/history/index.ts'
import { eventLines } from '../../reports/merge.ts'
import { mixedRun } from '../../reports/sample-events.test.data.ts'
import { createCliWorld } from './cli.test.fixture.ts'
import { type PostgresServer, startPostgres } from './postgres.test.fixture.ts'

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
}, 120_000)
afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

describe('postgres', () => {
  let databases = 0
  let url = ''
  beforeEach(async () => {
    databases += 1
    url = await server.createDatabase(`history_${databases}`)
  })
  historySuite(async () => await openHistory(url))
  nightlySuite(async () => await openHistory(url))
})

it(
  'is imported into and asked through the command line, killed in the middle too',
  { timeout: 300_000 },
  async () => {
    using world = createCliWorld()
    const runs = join(world.folder, 'runs')
    for (let at = 0; at < 30; at++) {
      const folder = join(runs, `run-${at}`)
      mkdirSync(folder, { recursive: true })
      const events = mixedRun({ run: `run-${at}`, startMs: at * 3_600_000 })
      writeFileSync(join(folder, 'events.jsonl'), [...eventLines(events)].join(''))
    }
    const url = await server.createDatabase('command_line')
    await using watching = await openHistory(url)
    const child = world.start(['history', 'import', runs, '--history', url])
    const gone = once(child, 'exit')
    const count = async (): Promise<number> => (await findRuns(watching, {})).length
    while ((await count()) < 2 && child.exitCode === null) await sleep(5)
    child.kill('SIGKILL')
    await gone
    expect(await count()).toBeLessThan(30)
    const again = await world.signalbox(['history', 'import', runs, '--history', url])
    expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/ known already: postgres:/) })
    expect(await count()).toBe(30)
    const rate = await world.signalbox(['history', 'query', 'pass-rate', 'network.dhcp', '--history', url])
    expect(rate.stdout).toMatch(/^passed 30 of 60: 50 %/)
    const missing = await world.signalbox([
      'history',
      'query',
      'flakes',
      '--history',
      url.replace('command_line', 'nowhere'),
    ])
    expect(missing).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/database "nowhere" does not exist/),
    })
  },
)
