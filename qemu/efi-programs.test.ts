import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { findEsp, readEfiPrograms } from './efi-programs.ts'
import { diskWith, efiProgram } from './fat.test.data.ts'

async function readFrom(bytes: Buffer): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-efi-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(async () => await rm(folder, { recursive: true }))
  const path = join(folder, 'disk.raw')
  await writeFile(path, bytes)
  return await readEfiPrograms({ path, format: 'raw' })
}

test.each([512, 4096])('boot programs are found behind a table with sectors of %i bytes', async (sector) => {
  const files = {
    'BOOTAA64.EFI': efiProgram(0xaa64),
    'BOOTX64.EFI': efiProgram(0x8664),
    'FBX64.EFI': efiProgram(0x8664),
    'BOOTIA32.EFI': Buffer.from('no program at all'),
  }
  expect(await readFrom(diskWith(files, sector))).toEqual([
    { name: 'BOOTAA64.EFI', machine: 0xaa64 },
    { name: 'BOOTX64.EFI', machine: 0x8664 },
    { name: 'BOOTIA32.EFI', machine: undefined },
  ])
})

test('a disk that has no table, no ESP, or lies about either has no boot programs', async () => {
  const good = diskWith({ 'BOOTX64.EFI': efiProgram(0x8664) })
  expect(await readFrom(Buffer.alloc(0))).toEqual([])
  expect(await readFrom(Buffer.alloc(2048, 0x55))).toEqual([])
  expect(await readFrom(good.subarray(0, 1024 * 1024))).toEqual([])
  const outside = Buffer.from(good)
  outside.writeBigUInt64LE(0xffff_ffff_ffff_ffn, 512 + 72)
  expect(await readFrom(outside)).toEqual([])
  const beyond = Buffer.from(good)
  beyond.writeBigUInt64LE(1n << 40n, 1024 + 128 + 32)
  beyond.writeBigUInt64LE(1n << 41n, 1024 + 128 + 40)
  expect(await readFrom(beyond)).toEqual([])
})

test('no byte of the table that is wrong leads anywhere else', async () => {
  const table = diskWith({}).subarray(0, 2048)
  const read = async (offset: number, length: number): Promise<Buffer> =>
    await Promise.resolve(table.subarray(offset, offset + length))
  const good = await findEsp(read)
  expect(good).toEqual({ offset: 1024 * 1024, size: 4 * 1024 * 1024 })
  for (let at = 512; at < 1024 + 256; at++) {
    const before = table[at] ?? 0
    table[at] = before ^ 0xff
    const found = await findEsp(read)
    expect(found === undefined || (found.offset >= 0 && found.size > 0)).toBe(true)
    table[at] = before
  }
})
