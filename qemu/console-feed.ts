// The serial console of one machine over all its power cycles: every byte goes to a bounded file and to a live feed.
// The socket is always read, so that a slow subscriber or a slow disk never blocks the guest.

import type { Duplex, Readable } from 'node:stream'
import { InfraError, messageOf } from '../harness/errors.ts'
import { BoundedFile, type BoundedFileOptions } from './bounded-file.ts'
import { LineBuffer, type LineFeed } from './line-feed.ts'

export interface ConsoleFeed extends AsyncDisposable {
  readonly lines: LineFeed
  /** Puts text in front of what comes, as if the machine had printed it. */
  prepend(text: string): void
  /** Puts a line of our own into the file only: what watches the machine does not see it. */
  note(line: string): void
  /** All that is kept so far, for `prepend`. */
  snapshot(): string
  /** Calls for each chunk from now on, until the returned function is called. */
  listen(onBytes: (bytes: Uint8Array) => void): () => void
  /** Types on the console; dropped when the machine is off. */
  send(bytes: Uint8Array): void
  /** Why the file is incomplete (a full disk), when it is. */
  readonly fileFailure: Error | undefined
  /** Reads a power cycle's console until it ends. Resolves when it ended; never rejects. */
  attach(stream: Duplex): Promise<void>
}

/** Opens the file, if there is to be one, and waits for the first `attach`. Disposing completes the file. */
export async function openConsoleFeed(file?: BoundedFileOptions): Promise<ConsoleFeed> {
  const copy = file === undefined ? undefined : await createFile(file)
  const lines = new LineBuffer()
  const listeners = new Set<(bytes: Uint8Array) => void>()
  let current: Duplex | undefined
  return {
    lines,
    listen(onBytes) {
      listeners.add(onBytes)
      return () => listeners.delete(onBytes)
    },
    send: (bytes) => {
      if (current?.writable === true) current.write(bytes)
    },
    prepend: (text) => {
      const bytes = Buffer.from(text)
      copy?.write(bytes)
      lines.push(bytes)
    },
    note: (line) => copy?.write(Buffer.from(`${line}\n`)),
    snapshot: () => lines.snapshot(),
    get fileFailure() {
      return copy?.failure
    },
    attach: async (stream) => {
      current = stream
      await readLines(stream, lines, (chunk) => {
        copy?.write(chunk)
        for (const onBytes of listeners) onBytes(chunk)
      })
      if (current === stream) current = undefined
    },
    async [Symbol.asyncDispose]() {
      await copy?.[Symbol.asyncDispose]()
    },
  }
}

// QEMU writes the serial port byte by byte, so that a flood costs us a wake-up for every few bytes: a whole CPU. A
// guest may boot as loudly as it likes; after that it gets this many reads a second, about 50 KB/s, four times the
// speed of a 115200 baud line.
const READS_AT_ONCE = 100_000
const READS_A_SECOND = 5_000

/**
 * Feeds a stream into a line buffer until it ends or breaks. A flooding guest is slowed down to a fast serial line's
 * speed, never stopped. Never rejects.
 */
export async function readLines(
  stream: Readable,
  lines: LineBuffer,
  onChunk: (chunk: Uint8Array) => void = () => undefined,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let reads = READS_AT_ONCE
  let refilledAt = performance.now()
  stream.on('data', (chunk: Uint8Array) => {
    onChunk(chunk)
    lines.push(chunk)
    reads -= 1
    if (reads > 0) return
    const now = performance.now()
    reads = Math.min(READS_AT_ONCE, ((now - refilledAt) / 1000) * READS_A_SECOND)
    refilledAt = now
    if (reads >= READS_A_SECOND / 100) return
    stream.pause()
    setTimeout(() => stream.resume(), 10)
  })
  stream.on('error', () => resolve())
  stream.on('close', () => resolve())
  stream.on('end', () => resolve())
  await promise
  lines.endLine()
}

async function createFile(file: BoundedFileOptions): Promise<BoundedFile> {
  try {
    return await BoundedFile.create(file)
  } catch (cause) {
    throw new InfraError(`cannot create the console file ${file.path}: ${messageOf(cause)}`, {
      code: 'results-not-writable',
      hint: 'free space there, or choose another folder for the results',
      cause,
    })
  }
}
