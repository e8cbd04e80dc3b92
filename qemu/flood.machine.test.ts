// A guest that floods its console at full speed costs bounded memory and bounded disk, and keeps answering.

import { readFile, stat } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { launchTest, lineWith, TEXT } from './test-machine.test.fixture.ts'

test('a flooding guest', async () => {
  const { machine, console, consolePath, ...vm } = await launchTest('flood')
  await lineWith(console.lines, TEXT)
  const rssBefore = process.memoryUsage().rss
  const enough = Promise.withResolvers<void>()
  console.lines.subscribe(() => console.lines.bytes > 1_000_000 && enough.resolve())
  await enough.promise
  const asked = performance.now()
  expect(await machine.qmp.execute('query-status', {})).toMatchObject({ running: true })
  expect(performance.now() - asked).toBeLessThan(2000)
  // Beside what the garbage of a busy host may come to; what is kept is counted below.
  expect(process.memoryUsage().rss - rssBefore).toBeLessThan(128 * 1024 * 1024)
  const late: string[] = []
  console.lines.subscribe((line) => late.push(line))()
  expect(late.reduce((sum, line) => sum + line.length + 64, 0)).toBeLessThan(1_100_000)
  machine.kill()
  await machine.ended
  await console[Symbol.asyncDispose]()
  expect((await stat(consolePath)).size).toBeLessThan(130_000)
  const text = await readFile(consolePath, 'utf8')
  expect(text).toContain('SeaBIOS')
  expect(text).toMatch(/\n\[signalbox: \d+ bytes left out here\]\n/)
  await vm[Symbol.asyncDispose]()
})
