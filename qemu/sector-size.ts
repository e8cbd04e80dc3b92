// A disk image with 512-byte sectors as one with 4096-byte sectors: its GUID partition table counts in sectors, so it is written
// anew, with the same partitions at the same bytes. What is in the partitions must fit 4096-byte sectors by itself. After the UEFI
// specification 2.10, 5.3 "GUID Partition Table (GPT) Disk Layout".

import { open, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { crc32 } from 'node:zlib'
import { UsageError } from '../harness/errors.ts'
import { runCommand } from '../harness/process.ts'

const PIECE = 'table.piece'
const FROM = 512
const TO = 4096
const ENTRIES = 128
const ENTRY_BYTES = 128
const ARRAY_BYTES = ENTRIES * ENTRY_BYTES
/** Protective MBR, header, entries. */
const TABLE_BYTES = FROM * 2 + ARRAY_BYTES

/** Bytes, and where on the disk they go. */
export interface DiskPiece {
  readonly at: number
  readonly bytes: Uint8Array
}

/**
 * The table for 4096-byte sectors and its copy at the end of a disk of `diskBytes`, from the first 17 KiB of the image. Throws UsageError
 * when that is no GPT for 512-byte sectors, or a partition does not lie on whole sectors of the other size.
 */
export function tableFor4096(start: Uint8Array, diskBytes: number): readonly DiskPiece[] {
  const old = Buffer.from(start.buffer, start.byteOffset, start.length)
  const header = old.subarray(FROM, FROM + 92)
  if (
    header.toString('latin1', 0, 8) !== 'EFI PART' ||
    header.readUInt32LE(80) !== ENTRIES ||
    header.readUInt32LE(84) !== ENTRY_BYTES ||
    header.readBigUInt64LE(72) !== 2n
  )
    throw cannot('it has no GUID partition table with 128 entries for 512-byte sectors')
  const entries = Buffer.from(old.subarray(FROM * 2, TABLE_BYTES))
  for (let at = 0; at < ARRAY_BYTES; at += ENTRY_BYTES) rewriteEntry(entries.subarray(at, at + ENTRY_BYTES))
  const sectors = Math.floor(diskBytes / TO)
  const [last, arraySectors] = [sectors - 1, ARRAY_BYTES / TO]
  const describe = (own: number, other: number, array: number): Buffer => {
    const fresh = Buffer.alloc(TO)
    header.copy(fresh)
    fresh.writeBigUInt64LE(BigInt(own), 24)
    fresh.writeBigUInt64LE(BigInt(other), 32)
    fresh.writeBigUInt64LE(BigInt(2 + arraySectors), 40)
    fresh.writeBigUInt64LE(BigInt(last - arraySectors - 1), 48)
    fresh.writeBigUInt64LE(BigInt(array), 72)
    fresh.writeUInt32LE(crc32(entries), 88)
    fresh.writeUInt32LE(0, 16)
    fresh.writeUInt32LE(crc32(fresh.subarray(0, 92)), 16)
    return fresh
  }
  const protective = Buffer.alloc(TO)
  old.copy(protective, 0, 0, FROM)
  // Its one partition covers the disk, as far as 32 bits count.
  protective.writeUInt32LE(Math.min(last, 0xffffffff), 446 + 12)
  return [
    { at: 0, bytes: Buffer.concat([protective, describe(1, last, 2), entries]) },
    {
      at: (last - arraySectors) * TO,
      bytes: Buffer.concat([entries, describe(last, 1, last - arraySectors)]),
    },
  ]
}

/** Writes the other table into a qcow2 disk over such an image. */
export async function convertTo4096(
  disk: string,
  image: string,
  diskBytes: number,
  signal?: AbortSignal,
): Promise<void> {
  const start = Buffer.alloc(TABLE_BYTES)
  await using file = await open(image)
  await file.read(start, 0, start.length, 0)
  for (const { at, bytes } of tableFor4096(start, diskBytes)) {
    await writeFile(join(dirname(disk), PIECE), bytes)
    // Words of qemu-io's own language, in which a path with a blank would be two: so it runs where the file is.
    const command = ['write', '-q', '-s', PIECE, String(at), String(bytes.length)].join(' ')
    const options = { signal, timeoutMs: 60_000, cwd: dirname(disk) }
    await runCommand('qemu-io', ['-f', 'qcow2', '-c', command, basename(disk)], options)
    await rm(join(dirname(disk), PIECE))
  }
}

function rewriteEntry(entry: Buffer): void {
  if (entry.subarray(0, 16).every((byte) => byte === 0)) return
  const factor = BigInt(TO / FROM)
  const [first, last] = [entry.readBigUInt64LE(32), entry.readBigUInt64LE(40)]
  if (first % factor !== 0n || (last + 1n) % factor !== 0n)
    throw cannot(`a partition is from sector ${first} to ${last}, which is no whole number of 4096 bytes`)
  entry.writeBigUInt64LE(first / factor, 32)
  entry.writeBigUInt64LE((last + 1n) / factor - 1n, 40)
}

function cannot(why: string): UsageError {
  return new UsageError(`the image cannot be put on a disk with 4096-byte sectors: ${why}`, {
    code: 'sector-size-impossible',
    hint: 'leave out sectorSize of the primary disk for this image',
  })
}
