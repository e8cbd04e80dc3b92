// A file that a flooding writer can fill only so far: the head is written as it comes, then only the newest part is
// kept in memory and written after a marker at the end. Memory is bounded too, and writing never blocks the caller.

import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'

export interface BoundedFileOptions {
  readonly path: string
  /** Bytes written as they come. Default 63 MiB. */
  readonly headBytes?: number
  /** Newest bytes kept when the head is full. Default 1 MiB. */
  readonly tailBytes?: number
  /** Bytes that may wait for a slow disk; more are left out and counted. Default 4 MiB. */
  readonly pendingBytes?: number
}

/** An append-only file of bounded size. Disposing writes the kept tail and closes it; it never rejects. */
export class BoundedFile implements AsyncDisposable {
  readonly #handle: FileHandle
  readonly #pendingLimit: number
  readonly #tailLimit: number
  #headLeft: number
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #tail: Uint8Array[] = []
  #tailBytes = 0
  #omitted = 0
  #lost = 0
  #failure: Error | undefined
  #writing: Promise<void> | undefined
  #closing: Promise<void> | undefined

  private constructor(handle: FileHandle, options: BoundedFileOptions) {
    this.#handle = handle
    this.#headLeft = options.headBytes ?? 63 * 1024 * 1024
    this.#tailLimit = options.tailBytes ?? 1024 * 1024
    this.#pendingLimit = options.pendingBytes ?? 4 * 1024 * 1024
  }

  /** Creates or empties the file. */
  static async create(options: BoundedFileOptions): Promise<BoundedFile> {
    // Appending: a machine that is let go writes the file itself, perhaps before our last bytes are there.
    const { O_APPEND, O_CREAT, O_TRUNC, O_WRONLY } = constants
    const handle = await open(options.path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0o644)
    return new BoundedFile(handle, options)
  }

  /** Why writing stopped (a full disk), when it did. */
  get failure(): Error | undefined {
    return this.#failure
  }

  write(chunk: Uint8Array): void {
    if (this.#closing !== undefined || this.#failure !== undefined) return
    const head = chunk.subarray(0, this.#headLeft)
    const rest = chunk.subarray(head.length)
    this.#headLeft -= head.length
    if (head.length > 0) this.#enqueue(head)
    if (rest.length > 0) this.#keep(rest)
  }

  /** Resolves when everything written so far has reached the file. */
  async settled(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close()
    await this.#closing
  }

  #enqueue(chunk: Uint8Array): void {
    if (this.#pendingBytes + chunk.length > this.#pendingLimit) {
      this.#lost += chunk.length
      return
    }
    this.#pending.push(chunk)
    this.#pendingBytes += chunk.length
    this.#writing ??= this.#drain()
  }

  #keep(chunk: Uint8Array): void {
    // A copy: a view of a stream's pooled buffer would hold the whole pool.
    this.#tail.push(Uint8Array.from(chunk))
    this.#tailBytes += chunk.length
    while (this.#tailBytes > this.#tailLimit && this.#tail.length > 1) {
      const dropped = this.#tail.shift()?.length ?? 0
      this.#tailBytes -= dropped
      this.#omitted += dropped
    }
  }

  async #drain(): Promise<void> {
    try {
      while (this.#pending.length > 0) {
        const batch = Buffer.concat(this.#pending)
        this.#pending = []
        await this.#handle.appendFile(batch)
        this.#pendingBytes -= batch.length
      }
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error))
      this.#pending = []
      this.#pendingBytes = 0
    } finally {
      this.#writing = undefined
    }
  }

  async #close(): Promise<void> {
    await this.settled()
    const end = Buffer.concat([
      marker(this.#lost, 'lost to a slow disk'),
      marker(this.#omitted, 'left out here'),
      ...this.#tail,
    ])
    if (this.#failure === undefined && end.length > 0) {
      await this.#handle.appendFile(end).catch((error: Error) => {
        this.#failure = error
      })
    }
    await this.#handle.close().catch(() => undefined)
  }
}

function marker(bytes: number, why: string): Uint8Array {
  return Buffer.from(bytes === 0 ? '' : `\n[signalbox: ${bytes} bytes ${why}]\n`)
}
