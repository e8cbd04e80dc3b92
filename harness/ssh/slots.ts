// A counted limit that can be waited for: how many sessions a connection has open at once.

import { abortable } from '../deadline.ts'

/** First come, first served. Dispose what `take` returns to give the slot back. */
export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  /** Waits for a free slot; rejects with the signal's reason when aborted, without taking one. */
  async take(signal: AbortSignal): Promise<Disposable> {
    if (this.#free > 0) this.#free--
    else {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#waiting.push(resolve)
      try {
        await abortable(promise, signal)
      } catch (error) {
        const at = this.#waiting.indexOf(resolve)
        if (at >= 0) this.#waiting.splice(at, 1)
        else this.#give()
        throw error
      }
    }
    let held = true
    return {
      [Symbol.dispose]: () => {
        if (held) this.#give()
        held = false
      },
    }
  }

  #give(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next()
  }
}
