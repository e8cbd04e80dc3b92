import { crc32 } from 'node:zlib'
import { expect, test } from 'vitest'
import { tableFor4096 } from './sector-size.ts'

const MEBIBYTE = 1024 * 1024
const diskBytes = 64 * MEBIBYTE

/** A table of 512-byte sectors with these partitions (first and last sector). */
function tableFor512(partitions: readonly (readonly [number, number])[]): Buffer {
  const table = Buffer.alloc(512 * 2 + 128 * 128)
  const header = table.subarray(512, 1024)
  header.write('EFI PART', 'latin1')
  header.writeUInt32LE(0x00010000, 8)
  header.writeUInt32LE(92, 12)
  header.writeBigUInt64LE(1n, 24)
  header.writeBigUInt64LE(2n, 72)
  header.writeUInt32LE(128, 80)
  header.writeUInt32LE(128, 84)
  for (const [index, [first, last]] of partitions.entries()) {
    const entry = table.subarray(1024 + index * 128)
    entry.fill(0xab, 0, 32)
    entry.writeBigUInt64LE(BigInt(first), 32)
    entry.writeBigUInt64LE(BigInt(last), 40)
    entry.write('ROOT', 56, 'utf16le')
  }
  table.writeUInt16LE(0xaa55, 510)
  return table
}

test('the same partitions at the same bytes, both tables valid', () => {
  const [front, back] = tableFor4096(tableFor512([[2048, 4095]]), diskBytes)
  const last = diskBytes / 4096 - 1
  const primary = Buffer.from(front?.bytes ?? [])
  const copy = Buffer.from(back?.bytes ?? [])
  expect([front?.at, back?.at]).toEqual([0, (last - 4) * 4096])
  const entries = primary.subarray(8192)
  expect(copy.subarray(0, 16_384).equals(entries)).toBe(true)
  expect(entries.readBigUInt64LE(32) * 4096n).toBe(BigInt(MEBIBYTE))
  expect((entries.readBigUInt64LE(40) + 1n) * 4096n).toBe(BigInt(2 * MEBIBYTE))
  expect(entries.toString('utf16le', 56, 64)).toBe('ROOT')
  expect(entries.subarray(128).every((byte) => byte === 0)).toBe(true)
  for (const [header, own, other, array] of [
    [primary.subarray(4096, 8192), 1, last, 2],
    [copy.subarray(16_384), last, 1, last - 4],
  ] as const) {
    expect(header.toString('latin1', 0, 8)).toBe('EFI PART')
    const fields = [24, 32, 40, 48, 72].map((at) => Number(header.readBigUInt64LE(at)))
    expect(fields).toEqual([own, other, 6, last - 5, array])
    expect(header.readUInt32LE(88)).toBe(crc32(entries))
    const bare = Buffer.from(header.subarray(0, 92))
    bare.writeUInt32LE(0, 16)
    expect(header.readUInt32LE(16)).toBe(crc32(bare))
  }
  // The stale header of the other size is gone; the protective MBR is there.
  expect(primary.subarray(512, 4096).every((byte) => byte === 0)).toBe(true)
  expect(primary.readUInt16LE(510)).toBe(0xaa55)
  expect(primary.readUInt32LE(446 + 12)).toBe(last)
})

test.each([
  ['no table', Buffer.alloc(512 * 34), /no GUID partition table/],
  ['a partition between the sectors', tableFor512([[2049, 4095]]), /sector 2049 to 4095/],
])('%s is refused', (_, table, message) => {
  expect(() => tableFor4096(table, diskBytes)).toThrow(message)
})
