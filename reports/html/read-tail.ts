// The end of a file, however long it is.

import { open } from 'node:fs/promises'

export interface Tail {
  /** Whole lines, without the last newline. */
  readonly lines: readonly string[]
  /** Of the file. */
  readonly bytes: number
  /** The file has more in front. */
  readonly cut: boolean
}

/** The last lines of at most `maxBytes`; undefined when there is no such file or it cannot be read. */
export async function readTail(path: string, maxBytes: number): Promise<Tail | undefined> {
  try {
    await using file = await open(path, 'r')
    const { size } = await file.stat()
    const length = Math.min(size, maxBytes)
    const bytes = Buffer.alloc(length)
    const { bytesRead } = await file.read(bytes, 0, length, size - length)
    const lines = bytes.toString('utf8', 0, bytesRead).split('\n')
    if (lines.at(-1) === '') lines.pop()
    const cut = size > length
    // What is cut in the middle is no line, unless it is all there is.
    if (cut && lines.length > 1) lines.shift()
    return { lines, bytes: size, cut }
  } catch {
    return undefined
  }
}
