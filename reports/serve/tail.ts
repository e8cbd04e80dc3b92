// The lines of a file that is being written: each once and only whole, with the place where it ends.

import { open } from 'node:fs/promises'
import { LONGEST_LINE } from '../read-events.ts'

export interface TailLine {
  readonly text: string
  /** The byte after its newline. */
  readonly end: number
}

export interface TailPart {
  readonly lines: readonly TailLine[]
  /** Bytes of the file that are not read yet. */
  readonly left: number
}

export interface Tail {
  /** The next lines, none when there is no whole one; undefined when the file is gone or is another one. */
  read(): Promise<TailPart | undefined>
}

const NEWLINE = 0x0a
const PART_BYTES = 1024 * 1024

/** Reads from the beginning. A line that is too long for an event is passed over. */
export function openTail(path: string): Tail {
  /** The end of the last whole line. */
  let done = 0
  /** What came after it. */
  let rest: Buffer = Buffer.alloc(0)
  /** Of a line that is too long: bytes that were thrown away. */
  let thrown = 0
  return {
    async read() {
      const handle = await open(path).catch(() => undefined)
      if (handle === undefined) return undefined
      try {
        const { size } = await handle.stat()
        if (size < done) return undefined
        // The writer has taken half a line back.
        if (size < done + thrown + rest.length) [rest, thrown] = [Buffer.alloc(0), 0]
        const from = done + thrown + rest.length
        if (size === from) return { lines: [], left: 0 }
        const { bytesRead, buffer } = await handle.read({
          buffer: Buffer.alloc(Math.min(PART_BYTES, size - from)),
          position: from,
        })
        const data = Buffer.concat([rest, buffer.subarray(0, bytesRead)])
        const lines: TailLine[] = []
        let start = 0
        for (let at = data.indexOf(NEWLINE); at !== -1; at = data.indexOf(NEWLINE, start)) {
          const end = done + thrown + (at + 1 - start)
          if (thrown === 0) lines.push({ text: data.toString('utf8', start, at), end })
          ;[done, thrown, start] = [end, 0, at + 1]
        }
        rest = data.subarray(start)
        if (rest.length > LONGEST_LINE) [thrown, rest] = [thrown + rest.length, Buffer.alloc(0)]
        return { lines, left: Math.max(0, size - done - thrown - rest.length) }
      } finally {
        await handle.close()
      }
    },
  }
}
