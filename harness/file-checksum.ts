// Notices that a saved file is not what was saved: by its size and times at once, by CRC-32s of its parts when it is read.
// Against accidents (truncation, a flipped bit, a half-written file), not against an attacker with our user's rights.

import { open, stat } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { codeOf } from './errors.ts'

/** What is remembered of a file. Times are nanoseconds as text, because JSON has no big integers. */
export interface FileSeal {
  readonly bytes: number
  readonly modifiedNs: string
  readonly changedNs: string
  readonly inode: string
  /** `[part, crc]` of the parts that are not all zeros; a part is `PART_BYTES` long. */
  readonly parts: readonly (readonly [number, number])[]
}

const PART_BYTES = 4 * 1024 * 1024
const zeroCrc = new Map<number, number>()

/** Reads a file whole and seals it. */
export async function sealFile(path: string, signal?: AbortSignal): Promise<FileSeal> {
  const parts: [number, number][] = []
  await readParts(path, undefined, signal, (part, crc, length) => {
    if (crc !== crcOfZeros(length)) parts.push([part, crc])
  })
  const { bytes, modifiedNs, changedNs, inode } = await look(path)
  return { bytes, modifiedNs, changedNs, inode, parts }
}

/** Why the file is not the sealed one any more, seen from outside; undefined when nothing shows. Cheap. */
export async function outwardDamage(path: string, seal: FileSeal): Promise<string | undefined> {
  try {
    const now = await look(path)
    if (now.bytes !== seal.bytes) return `it has ${now.bytes} bytes instead of ${seal.bytes}`
    if (now.inode !== seal.inode) return 'it was replaced'
    return now.modifiedNs === seal.modifiedNs && now.changedNs === seal.changedNs
      ? undefined
      : 'it was changed'
  } catch (error) {
    return unreadable(error)
  }
}

/** Why the file's content is not the sealed one, by reading it; undefined when it is. Aborts throw. */
export async function inwardDamage(
  path: string,
  seal: FileSeal,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const expected = new Map(seal.parts)
  let damage: string | undefined
  try {
    // Parts that were zero are holes: nothing has been there to flip.
    await readParts(path, seal.parts, signal, (part, crc) => {
      if (crc !== expected.get(part))
        damage ??= `its checksum is wrong in the ${PART_BYTES / 1024 / 1024} MiB at part ${part}`
    })
    return damage
  } catch (error) {
    signal?.throwIfAborted()
    // Also what a bad disk says (EIO).
    return unreadable(error)
  }
}

function unreadable(error: unknown): string {
  const code = codeOf(error)
  return code === 'ENOENT' ? 'it is gone' : `it cannot be read: ${code ?? 'unknown error'}`
}

async function look(path: string): Promise<Omit<FileSeal, 'parts'>> {
  const { size, mtimeNs, ctimeNs, ino } = await stat(path, { bigint: true })
  return { bytes: Number(size), modifiedNs: `${mtimeNs}`, changedNs: `${ctimeNs}`, inode: `${ino}` }
}

async function readParts(
  path: string,
  only: FileSeal['parts'] | undefined,
  signal: AbortSignal | undefined,
  onPart: (part: number, crc: number, length: number) => void,
): Promise<void> {
  await using file = await open(path, 'r')
  const { size } = await file.stat()
  const all =
    only?.map(([part]) => part) ?? Array.from({ length: Math.ceil(size / PART_BYTES) }, (_, part) => part)
  const buffer = Buffer.allocUnsafe(PART_BYTES)
  for (const part of all) {
    signal?.throwIfAborted()
    const { bytesRead } = await file.read(buffer, 0, PART_BYTES, part * PART_BYTES)
    onPart(part, crc32(buffer.subarray(0, bytesRead)), bytesRead)
  }
}

function crcOfZeros(length: number): number {
  const known = zeroCrc.get(length)
  if (known !== undefined) return known
  const crc = crc32(Buffer.alloc(length))
  zeroCrc.set(length, crc)
  return crc
}
