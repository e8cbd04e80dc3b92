import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openFileWatch, type FileWatch } from './watch-files.ts'

let folder = ''
let files: FileWatch
const warnings: string[] = []
const path = (name: string): string => join(folder, name)
const write = (name: string, text: string): void => writeFileSync(path(name), text)
const next = async (ms = 30_000): Promise<readonly string[]> =>
  (await files.next(AbortSignal.timeout(ms))).map((file) => file.slice(folder.length + 1))

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'signalbox-watch-')))
  mkdirSync(path('tests'))
  mkdirSync(path('lib'))
  write('tests/one.ts', '1')
  write('lib/words.ts', '1')
  write('lib/other.ts', '1')
  warnings.splice(0)
  files = openFileWatch((message) => void warnings.push(message))
  files.watch({ files: [path('tests/one.ts'), path('lib/words.ts')], folders: [path('tests')] })
})
afterEach(() => {
  files[Symbol.dispose]()
  rmSync(folder, { recursive: true })
})

test('a burst of saves is one change', async () => {
  write('tests/one.ts', '2')
  write('lib/words.ts', '2')
  write('tests/one.ts', '3')
  expect(await next()).toEqual(['lib/words.ts', 'tests/one.ts'])
  await expect(next(700)).rejects.toThrow()
})

test('a file that is renamed over another one has changed, and once', async () => {
  write('lib/.words.ts.swp', '2')
  renameSync(path('lib/.words.ts.swp'), path('lib/words.ts'))
  expect(await next()).toEqual(['lib/words.ts'])
  await expect(next(700)).rejects.toThrow()
})

test('a file that is away for a moment has changed, and not before it is back', async () => {
  rmSync(path('lib/words.ts'))
  setTimeout(() => write('lib/words.ts', '2'), 250)
  expect(await next()).toEqual(['lib/words.ts'])
  await expect(next(1200)).rejects.toThrow()
})

test('a file that is gone for good has changed', async () => {
  rmSync(path('tests/one.ts'))
  expect(await next()).toEqual(['tests/one.ts'])
})

test('new test files count, in folders below too; others do not', async () => {
  mkdirSync(path('tests/deep'))
  // The folder is watched a moment after it is there.
  await expect(next(500)).rejects.toThrow()
  write('lib/other.ts', '2')
  write('tests/deep/notes.txt', '2')
  write('tests/deep/two.ts', '2')
  expect(await next()).toEqual(['tests/deep/two.ts'])
})

test('the same content again is no change', async () => {
  write('tests/one.ts', '1')
  utimesSync(path('lib/words.ts'), new Date(), new Date())
  await expect(next(700)).rejects.toThrow()
})

test('what changes while nobody waits is given to who waits next', async () => {
  write('tests/one.ts', '2')
  await new Promise((resolve) => {
    setTimeout(resolve, 600)
  })
  expect(await next()).toEqual(['tests/one.ts'])
})

test('a folder that is not there is said', () => {
  files.watch({ files: [path('nowhere/a.ts')], folders: [] })
  expect(warnings).toEqual([`${path('nowhere')} cannot be watched: ENOENT`])
})
