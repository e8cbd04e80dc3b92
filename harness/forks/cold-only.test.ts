// Marks of tests that are booted: how long they last, and that losing them never stops a run.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RegisteredTest } from '../registry.ts'
import { coldOnlyTests, forgetColdOnly, listColdOnly, markColdOnly } from './cold-only.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cold-only-'))
  process.env['SIGNALBOX_CACHE'] = join(folder, 'cache')
})
afterEach(() => {
  delete process.env['SIGNALBOX_CACHE']
  rmSync(folder, { recursive: true })
})

const make = (name: string, changes: Partial<RegisteredTest> = {}): RegisteredTest => ({
  name,
  requirements: { memoryMiB: 512 },
  body: () => undefined,
  location: { file: 'x.ts', line: 1, column: 1 },
  ...changes,
})
const a = make('a')
const b = make('b')

test('a mark lasts, for this test alone', () => {
  expect(coldOnlyTests([a, b])).toEqual(new Set())
  markColdOnly(a, 'it differs')
  expect(coldOnlyTests([a, b])).toEqual(new Set(['a']))
  markColdOnly(b, 'it differs too')
  expect(coldOnlyTests([a, b])).toEqual(new Set(['a', 'b']))
  expect(listColdOnly()).toEqual([
    { test: 'a', reason: 'it differs', at: expect.stringMatching(/^\d{4}-/) },
    { test: 'b', reason: 'it differs too', at: expect.stringMatching(/^\d{4}-/) },
  ])
  // Nothing half-written is left beside it.
  expect(readdirSync(join(folder, 'cache'))).toEqual(['cold-only.json'])
})

test.each<[string, Partial<RegisteredTest>]>([
  ['its body', { body: async () => await Promise.resolve() }],
  ['its requirements', { requirements: { memoryMiB: 1024 } }],
  ['its preparation', { preparation: { name: 'p', body: () => undefined } }],
])('a mark is of no more account when the test changes %s', (_, changes) => {
  markColdOnly(a, 'it differs')
  expect(coldOnlyTests([make('a', changes)])).toEqual(new Set())
  expect(coldOnlyTests([make('a', { location: { file: 'y.ts', line: 9, column: 1 } })])).toEqual(
    new Set(['a']),
  )
})

test('another preparation is another test', () => {
  const prepare = (body: RegisteredTest['body']) => make('a', { preparation: { name: 'p', body } })
  markColdOnly(
    prepare(() => undefined),
    'it differs',
  )
  expect(coldOnlyTests([prepare(() => undefined)])).toEqual(new Set(['a']))
  expect(coldOnlyTests([prepare(async () => await Promise.resolve())])).toEqual(new Set())
})

test('a mark of another version of the tool is of no account', () => {
  markColdOnly(a, 'it differs')
  const path = join(folder, 'cache', 'cold-only.json')
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"fingerprint": "\w+"/, '"fingerprint": "0"'))
  expect(coldOnlyTests([a])).toEqual(new Set())
})

test('all can be forgotten', () => {
  markColdOnly(a, 'it differs')
  expect(forgetColdOnly()).toEqual(['a'])
  expect(coldOnlyTests([a])).toEqual(new Set())
  expect(forgetColdOnly()).toEqual([])
})

test.each(['', '{"a":', 'null', '[]'])(
  'a file with %j in it holds no marks, and takes new ones',
  (content) => {
    markColdOnly(a, 'it differs')
    writeFileSync(join(folder, 'cache', 'cold-only.json'), content)
    expect(coldOnlyTests([a])).toEqual(new Set())
    expect(listColdOnly()).toEqual([])
    markColdOnly(a, 'again')
    expect(coldOnlyTests([a])).toEqual(new Set(['a']))
  },
)

test('a home that cannot be written is no error', () => {
  writeFileSync(join(folder, 'cache'), 'a file where the folder should be')
  expect(() => markColdOnly(a, 'it differs')).not.toThrow()
  expect(coldOnlyTests([a])).toEqual(new Set())
})
