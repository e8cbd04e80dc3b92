// Lines longer than a part of the file, and longer than any event may be.

import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LONGEST_LINE } from '../read-events.ts'
import { openTail } from './tail.ts'

test('lines of every length, each once; one that is too long is passed over', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-tail-'))
  const path = join(folder, 'f')
  const long = 'l'.repeat(3 * 1024 * 1024)
  const text = `a\n${long}\nb\n${'x'.repeat(LONGEST_LINE * 2 + 5)}\nc ü\n`
  writeFileSync(path, `${text}half`)
  const tail = openTail(path)
  const all: { readonly text: string; readonly end: number }[] = []
  const readOn = async (): Promise<void> => {
    for (let left = 1; left > 0;) {
      const part = await tail.read()
      all.push(...(part?.lines ?? []))
      left = part?.left ?? 0
    }
  }
  await readOn()
  expect(all.map((line) => line.text.slice(0, 5))).toEqual(['a', 'lllll', 'b', 'c ü'])
  expect(all.at(-1)?.end).toBe(Buffer.byteLength(text))
  appendFileSync(path, ' done\n')
  await readOn()
  expect(all.at(-1)?.text).toBe('half done')
  writeFileSync(path, 'another')
  expect(await tail.read()).toBeUndefined()
  rmSync(folder, { recursive: true })
})
