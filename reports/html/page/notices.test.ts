import { expect, test } from 'vitest'
import type { PageNotice, PageRun } from '../data.ts'
import { sharedNotices } from './notices.ts'

const warning = (message: string): PageNotice => ({ level: 'warning', message })
const run = (name: string, ...notices: readonly PageNotice[]): PageRun =>
  ({ name, notices }) as unknown as PageRun

test('what several targets say is there once, with their names where others do not say it', () => {
  const runs = [
    run('a', warning('slow'), warning('same'), warning('slow')),
    run('b', warning('same')),
    run('c', warning('slow'), warning('same'), { level: 'info', message: 'slow' }),
  ]
  expect(sharedNotices({ notices: [warning('first')], runs })).toEqual([
    { ...warning('first'), targets: [] },
    { ...warning('slow'), targets: ['a', 'c'] },
    { ...warning('same'), targets: [] },
    { level: 'info', message: 'slow', targets: ['c'] },
  ])
})

test('a report of one run names no target', () => {
  expect(sharedNotices({ notices: [], runs: [run('a', warning('slow'))] })).toEqual([
    { ...warning('slow'), targets: [] },
  ])
})
