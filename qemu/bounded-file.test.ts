// A flood fills the file only so far, and says what is missing.

import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BoundedFile } from './bounded-file.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bounded-file-'))
})
afterEach(async () => rm(folder, { recursive: true }))

test('keeps everything below the limit, byte for byte', async () => {
  const path = join(folder, 'f')
  {
    await using file = await BoundedFile.create({ path })
    file.write(Uint8Array.from([0, 255, 10]))
    await file.settled()
    file.write(Uint8Array.from([27]))
  }
  expect([...(await readFile(path))]).toEqual([0, 255, 10, 27])
})

test('keeps head and newest tail of a flood, and marks the gap', async () => {
  const path = join(folder, 'f')
  {
    await using file = await BoundedFile.create({ path, headBytes: 10, tailBytes: 8 })
    for (let n = 0; n < 100; n += 1) file.write(Buffer.from(`${String(n).padStart(3, '0')} `))
  }
  expect(await readFile(path, 'utf8')).toBe('000 001 00\n[signalbox: 382 bytes left out here]\n098 099 ')
})

test('a tail that fits needs no marker', async () => {
  const path = join(folder, 'f')
  {
    await using file = await BoundedFile.create({ path, headBytes: 3, tailBytes: 100 })
    file.write(Buffer.from('abcdef'))
  }
  expect(await readFile(path, 'utf8')).toBe('abcdef')
})

test('a disk that is too slow costs bytes, not memory', async () => {
  const path = join(folder, 'f')
  {
    await using file = await BoundedFile.create({ path, pendingBytes: 10 })
    file.write(Buffer.from('12345678'))
    file.write(Buffer.from('abcdefgh'))
  }
  expect(await readFile(path, 'utf8')).toBe('12345678\n[signalbox: 8 bytes lost to a slow disk]\n')
})

test('a full disk is remembered, and nothing throws', async () => {
  const file = await BoundedFile.create({ path: '/dev/full' })
  file.write(Buffer.from('x'))
  await file.settled()
  file.write(Buffer.from('y'))
  await file[Symbol.asyncDispose]()
  await file[Symbol.asyncDispose]()
  expect(file.failure?.message).toContain('ENOSPC')
  expect((await stat('/dev/full')).isCharacterDevice()).toBe(true)
})
