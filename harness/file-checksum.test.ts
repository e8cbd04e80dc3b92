// Every accident that a saved file can have, and whether it shows from outside, from inside, or both.

import { randomFillSync } from 'node:crypto'
import {
  appendFile,
  mkdtemp,
  open,
  readFile,
  rename,
  rm,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { inwardDamage, outwardDamage, sealFile } from './file-checksum.ts'

const PART = 4 * 1024 * 1024
/** Data, a hole of a part, and data that ends in the middle of a part. */
const CONTENT = Buffer.alloc(2 * PART + 1000)
randomFillSync(CONTENT, 0, PART)
randomFillSync(CONTENT, 2 * PART)

let folder = ''
let path = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checksum-'))
  path = join(folder, 'memory')
  await writeFile(path, CONTENT)
  // A whole second: the file's time can be put back exactly.
  await utimes(path, 1_700_000_000, 1_700_000_000)
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function flipBit(at: number): Promise<void> {
  await using file = await open(path, 'r+')
  const byte = Buffer.alloc(1)
  await file.read(byte, 0, 1, at)
  byte[0] = (byte[0] ?? 0) ^ 1
  await file.write(byte, 0, 1, at)
}

test('a file that nobody touched has no damage, and reading it is none', async () => {
  const seal = await sealFile(path)
  await readFile(path)
  expect(await outwardDamage(path, seal)).toBeUndefined()
  expect(await inwardDamage(path, seal)).toBeUndefined()
  expect(seal.bytes).toBe(CONTENT.length)
  // The seal is kept as JSON.
  expect(JSON.parse(JSON.stringify(seal))).toEqual(seal)
})

describe.each<[string, () => Promise<void>, string | RegExp, RegExp | undefined]>([
  ['truncated', async () => await truncate(path, PART), /it has 4194304 bytes instead of/, /at part 2/],
  ['cut by a byte', async () => await truncate(path, CONTENT.length - 1), /bytes instead of/, /at part 2/],
  ['emptied', async () => await truncate(path, 0), /it has 0 bytes/, /at part 0/],
  ['appended to', async () => await appendFile(path, 'x'), /it has 8389609 bytes/, /at part 2/],
  [
    'replaced by an equal one',
    async () => {
      await writeFile(`${path}.new`, CONTENT)
      await utimes(`${path}.new`, 1_700_000_000, 1_700_000_000)
      await rename(`${path}.new`, path)
    },
    'it was replaced',
    undefined,
  ],
  ['touched', async () => await utimes(path, 1_800_000_000, 1_800_000_000), 'it was changed', undefined],
  ['changed by one bit', async () => await flipBit(17), 'it was changed', /at part 0/],
  ['changed in its last byte', async () => await flipBit(CONTENT.length - 1), 'it was changed', /at part 2/],
  [
    'changed by one bit, its times put back',
    async () => {
      await flipBit(2 * PART)
      await utimes(path, 1_700_000_000, 1_700_000_000)
    },
    'it was changed',
    /at part 2/,
  ],
  ['removed', async () => await rm(path), 'it is gone', /it is gone/],
  [
    'out of reach',
    async () => {
      await rename(folder, `${folder}.away`)
      await writeFile(folder, '')
      await rm(`${folder}.away`, { recursive: true })
    },
    'it cannot be read: ENOTDIR',
    /it cannot be read: ENOTDIR/,
  ],
])('a file that was %s', (_, change, outward, inward) => {
  test('shows it from outside', async () => {
    const seal = await sealFile(path)
    await change()
    expect(await outwardDamage(path, seal)).toEqual(
      typeof outward === 'string' ? outward : expect.stringMatching(outward),
    )
  })

  test(
    inward === undefined ? 'is whole inside' : 'shows it inside, without a look at its times',
    async () => {
      const seal = await sealFile(path)
      await change()
      const damage = await inwardDamage(path, seal)
      if (inward === undefined) expect(damage).toBeUndefined()
      else expect(damage).toMatch(inward)
    },
  )
})

test('the change time gives a flipped bit away where size and modification time are as before', async () => {
  const seal = await sealFile(path)
  await flipBit(5)
  await utimes(path, 1_700_000_000, 1_700_000_000)
  const { changedNs, ...same } = seal
  expect(await sealFile(path)).toMatchObject({ ...same, parts: expect.anything() })
  expect((await sealFile(path)).changedNs).not.toBe(changedNs)
  expect(await outwardDamage(path, seal)).toBe('it was changed')
  // Nor is the change time asked alone: a file system may not keep one.
  expect(await outwardDamage(path, { ...(await sealFile(path)), modifiedNs: '0' })).toBe('it was changed')
})

test('only what is not zero is remembered', async () => {
  const { parts } = await sealFile(path)
  expect(parts.map(([part]) => part)).toEqual([0, 2])
  await truncate(path, 0)
  // All hole, and the last part is shorter than the others.
  await truncate(path, 10 * PART + 5)
  const hole = await sealFile(path)
  expect(hole.parts).toEqual([])
  expect(await inwardDamage(path, hole)).toBeUndefined()
  expect(await outwardDamage(path, hole)).toBeUndefined()
  await flipBit(7 * PART)
  expect((await sealFile(path)).parts.map(([part]) => part)).toEqual([7])
  await writeFile(path, '')
  const empty = await sealFile(path)
  expect(empty).toMatchObject({ bytes: 0, parts: [] })
  expect(await inwardDamage(path, empty)).toBeUndefined()
})

test('an abort ends the reading, and is no damage', async () => {
  const seal = await sealFile(path)
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(sealFile(path, signal)).rejects.toThrow('enough')
  await expect(inwardDamage(path, seal, signal)).rejects.toThrow('enough')
})
