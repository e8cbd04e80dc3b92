// Keeps the last bytes of a stream of any length in bounded memory, and counts all of them.

/** At most `limit` bytes are kept; memory is at most twice that, however small the chunks are. */
export class TailBuffer {
  readonly #limit: number
  #bytes: Buffer
  #used = 0
  #total = 0

  constructor(limit: number) {
    this.#limit = Math.max(0, limit)
    this.#bytes = Buffer.alloc(Math.min(this.#limit * 2, 4096))
  }

  /** Bytes ever pushed. */
  get total(): number {
    return this.#total
  }

  /** Bytes no longer held. */
  get dropped(): number {
    return this.#total - Math.min(this.#used, this.#limit)
  }

  push(chunk: Uint8Array): void {
    this.#total += chunk.length
    const kept = chunk.length > this.#limit ? chunk.subarray(chunk.length - this.#limit) : chunk
    if (this.#used + kept.length > this.#bytes.length) this.#makeRoom(kept.length)
    this.#bytes.set(kept, this.#used)
    this.#used += kept.length
  }

  /** The kept bytes. */
  bytes(): Buffer {
    return this.#bytes.subarray(Math.max(0, this.#used - this.#limit), this.#used)
  }

  /** The kept bytes as UTF-8; a character cut at the front is left out. */
  text(): string {
    const bytes = this.bytes()
    let start = 0
    if (this.dropped > 0) {
      // Continuation bytes (10xxxxxx) at the front belong to a character whose start is gone; at most three.
      while (start < 3 && start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start++
    }
    return bytes.toString('utf8', start)
  }

  #makeRoom(incoming: number): void {
    const keep = Math.min(this.#used, Math.max(0, this.#limit - incoming))
    const target = Math.min(this.#limit * 2, Math.max(this.#bytes.length * 2, this.#used + incoming))
    if (target > this.#bytes.length) {
      const grown = Buffer.alloc(target)
      this.#bytes.copy(grown, 0, 0, this.#used)
      this.#bytes = grown
      if (this.#used + incoming <= target) return
    }
    this.#bytes.copyWithin(0, this.#used - keep, this.#used)
    this.#used = keep
  }
}
