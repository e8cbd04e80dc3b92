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
  /** The end of the last whole line; what comes after it is read anew each time, for a writer may take it back. */
  let done = 0
  let partBytes = PART_BYTES
  /** `done` is in the middle of a line that is too long. */
  let isWithin = false
  return {
    async read() {
      const handle = await open(path).catch(() => undefined)
      if (handle === undefined) return undefined
      try {
        const { size } = await handle.stat()
        if (size < done) return undefined
        if (size === done) return { lines: [], left: 0 }
        const wanted = Math.min(partBytes, size - done)
        const { bytesRead, buffer } = await handle.read({ buffer: Buffer.alloc(wanted), position: done })
        const data = buffer.subarray(0, bytesRead)
        const lines: TailLine[] = []
        let start = 0
        for (let at = data.indexOf(NEWLINE); at !== -1; at = data.indexOf(NEWLINE, start)) {
          if (!isWithin) lines.push({ text: data.toString('utf8', start, at), end: done + at + 1 })
          isWithin = false
          start = at + 1
        }
        const isFull = start === 0 && bytesRead === partBytes
        if (isFull && bytesRead > LONGEST_LINE) [start, isWithin] = [bytesRead, true]
        partBytes = isFull && !isWithin ? partBytes * 2 : PART_BYTES
        done += start
        // Half a line is nothing to be read.
        return { lines, left: start > 0 || isFull ? size - done : 0 }
      } finally {
        await handle.close()
      }
    },
  }
}
