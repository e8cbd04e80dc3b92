// A file as lines, streaming and in bounded memory: of a line that is longer than the limit only its number is given.

import { createReadStream } from 'node:fs'

export interface FileLine {
  /** From 1. */
  readonly number: number
  /** `undefined` when the line is longer than the limit. */
  readonly text: string | undefined
  /** False for a last line without a newline: perhaps cut off. */
  readonly complete: boolean
}

const NEWLINE = 0x0a

/** Yields the lines of a file, empty ones too. Memory: one line of at most `maxBytes` and one chunk. */
export async function* readLines(path: string, maxBytes: number): AsyncGenerator<FileLine> {
  let number = 1
  let bytes = 0
  let parts: Buffer[] = []
  const take = (part: Buffer): void => {
    bytes += part.length
    if (bytes > maxBytes) parts = []
    else parts.push(part)
  }
  const line = (complete: boolean): FileLine => {
    const text = bytes > maxBytes ? undefined : Buffer.concat(parts).toString('utf8')
    parts = []
    bytes = 0
    return { number: number++, text, complete }
  }
  for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 })) {
    const data = chunk as Buffer
    let from = 0
    for (let end = data.indexOf(NEWLINE); end !== -1; end = data.indexOf(NEWLINE, from)) {
      take(data.subarray(from, end))
      from = end + 1
      yield line(true)
    }
    if (from < data.length) take(data.subarray(from))
  }
  if (bytes > 0) yield line(false)
}
