// The history in a file of SQLite.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe } from 'vitest'
import { historySuite } from './history.test.suite.ts'
import { openHistory } from './index.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'signalbox-history-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

describe('sqlite', () => {
  historySuite(async () => await openHistory(join(folder, 'deep', 'history.sqlite')))
})
