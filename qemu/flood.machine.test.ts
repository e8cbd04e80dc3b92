// A guest that floods its console at full speed costs bounded memory and bounded disk, and keeps answering.

import { readFile, stat } from 'node:fs/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { launchTest, lineWith, TEXT } from './test-machine.test.fixture.ts'

// What nobody holds any more is no leak. Not the resident set: V8 keeps emptied pages, up to 65 MiB of them were seen.
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function heldBytes(): number {
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

test('a flooding guest', async () => {
  const { machine, console, consolePath, ...vm } = await launchTest('flood')
  await lineWith(console.lines, TEXT)
  collectGarbage()
  const heldBefore = heldBytes()
  const enough = Promise.withResolvers<void>()
  console.lines.subscribe(() => console.lines.bytes > 1_000_000 && enough.resolve())
  await enough.promise
  expect(await machine.qmp.execute('query-status', {})).toMatchObject({ running: true })
  collectGarbage()
  expect(heldBytes() - heldBefore).toBeLessThan(8 * 1024 * 1024)
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
