// What is served: a file or bytes, measured once when it is offered, and read anew for every request.

import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { codeOf, messageOf, UsageError } from '../errors.ts'

/** A path on this host, or the bytes themselves. */
export type ContentSource = string | Uint8Array

/** Content with its size and hashes. */
export interface Content {
  readonly bytes: number
  /** 32 bytes. */
  readonly sha256: Buffer
  /** 20 bytes. */
  readonly sha1: Buffer
  /** The file that holds just these bytes; undefined when none does. */
  readonly path?: string | undefined
  /** The bytes from `start` up to, without, `end`. */
  open(start: number, end: number): Readable
}

/** Large enough that a chunk costs little, small enough that many readers at once do not cost memory. */
export const CHUNK_BYTES = 128 * 1024

/** Measures what is to be served; throws UsageError `payload-unreadable`. */
export async function readContent(source: ContentSource): Promise<Content> {
  if (typeof source !== 'string') return ofBytes(source)
  const path = resolve(source)
  const sha256 = createHash('sha256')
  const sha1 = createHash('sha1')
  try {
    const { size } = await stat(path)
    await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), async (chunks) => {
      for await (const chunk of chunks) for (const hash of [sha256, sha1]) hash.update(chunk as Uint8Array)
    })
    return {
      bytes: size,
      ...digests(sha256, sha1),
      path,
      open: (start, end) =>
        end <= start
          ? Readable.from([])
          : createReadStream(path, { start, end: end - 1, highWaterMark: CHUNK_BYTES }),
    }
  } catch (error) {
    throw new UsageError(`the payload ${path} cannot be read: ${codeOf(error) ?? messageOf(error)}`, {
      code: 'payload-unreadable',
      cause: error,
      hint: 'offer a file of this host, by its path',
    })
  }
}

/** Bytes as content. */
export function ofBytes(bytes: Uint8Array): Content {
  return {
    bytes: bytes.length,
    ...digests(createHash('sha256').update(bytes), createHash('sha1').update(bytes)),
    open: (start, end) => Readable.from(slices(bytes, start, end)),
  }
}

function digests(sha256: Hash, sha1: Hash): Pick<Content, 'sha256' | 'sha1'> {
  return { sha256: sha256.digest(), sha1: sha1.digest() }
}

function* slices(bytes: Uint8Array, start: number, end: number): Generator<Uint8Array> {
  for (let at = start; at < end; at += CHUNK_BYTES) yield bytes.subarray(at, Math.min(end, at + CHUNK_BYTES))
}
