// The history in PostgreSQL: the same tests as for SQLite, against a real server, and through the command line.

import { afterAll, beforeAll, beforeEach, describe } from 'vitest'
import { historySuite } from '../../reports/history/history.test.suite.ts'
import { openHistory } from '../../reports/history/index.ts'
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
})
