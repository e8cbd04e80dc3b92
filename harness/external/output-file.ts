// The output of a test as a file that cannot fill the disk: its beginning is written as it comes, its end when it is over,
// with a word about what was left out between.

import { closeSync, openSync, writeSync } from 'node:fs'
import { TailBuffer } from '../ssh/tail-buffer.ts'

export const HEAD_BYTES = 4 * 1024 * 1024
export const TAIL_BYTES = 1024 * 1024

export interface OutputFile extends Disposable {
  write(chunk: Buffer): void
  /** Bytes that came. */
  readonly total: number
  /** Bytes between beginning and end that are not kept. */
  readonly dropped: number
  /** The last lines, as they came. */
  lastLines(count: number): readonly string[]
}

/** Opens it; disposing writes the end and closes. A disk that is full loses output, never the test. */
export function openOutputFile(path: string, onError: (error: unknown) => void): OutputFile {
  const file = openSync(path, 'w')
  const tail = new TailBuffer(TAIL_BYTES)
  let total = 0
  let headBytes = 0
  let failed = false
  let closed = false
  const write = (bytes: Uint8Array | string): void => {
    if (failed) return
    try {
      if (typeof bytes === 'string') writeSync(file, bytes)
      else for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at)
    } catch (error) {
      failed = true
      onError(error)
    }
  }
  return {
    write(chunk) {
      total += chunk.length
      const room = Math.max(0, HEAD_BYTES - headBytes)
      const head = chunk.subarray(0, room)
      if (head.length > 0) write(head)
      headBytes += head.length
      tail.push(chunk)
    },
    get total() {
      return total
    },
    get dropped() {
      return Math.max(0, total - headBytes - TAIL_BYTES)
    },
    lastLines(count) {
      const lines = tail
        .bytes()
        .subarray(-64 * 1024)
        .toString('utf8')
        .replace(/\n$/, '')
        .split('\n')
      return lines.length === 1 && lines[0] === '' ? [] : lines.slice(-count)
    },
    [Symbol.dispose]() {
      if (closed) return
      closed = true
      const rest = total - headBytes
      if (rest > 0) {
        const left = Math.max(0, rest - TAIL_BYTES)
        if (left > 0) write(`\n[signalbox: ${left} bytes are left out here: ${total} bytes came]\n`)
        const end = tail.bytes()
        write(end.subarray(Math.max(0, end.length - Math.min(rest, TAIL_BYTES))))
      }
      closeSync(file)
    },
  }
}
