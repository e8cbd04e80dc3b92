// One direction of a machine's link: it loses and delays frames as the machine's fault says, and keeps their order. What
// it holds is bounded; without a fault every frame passes at once and nothing is copied.

/** What is wrong with a link, in both directions alike. */
export interface LinkFault {
  readonly delayMs: number
  /** Each delay is up to so much more or less, evenly spread. */
  readonly jitterMs: number
  /** The share of frames that are lost, 0 to 1. */
  readonly loss: number
}

/** Numbers from 0 to below 1. */
export type Random = () => number

/** What became of a frame: on its way (now or later), lost by the fault, or dropped because too much is on its way. */
export type Taken = 'passed' | 'lost' | 'full'

/** The most that is on its way in one direction at a time: 4096 frames, 4 MiB. */
export const LINE_LIMIT = { frames: 4096, bytes: 4 * 1024 * 1024 } as const

interface Waiting {
  readonly bytes: Buffer
  readonly dueMs: number
}

/** Frames on their way. `pass` gets each when it arrives, `settle` is called after those that arrived together. */
export class DelayLine {
  readonly #pass: (bytes: Buffer, start: number, end: number) => void
  readonly #settle: () => void
  readonly #random: Random
  #fault: LinkFault | undefined
  #waiting: Waiting[] = []
  /** Those before it have arrived. */
  #next = 0
  #bytes = 0
  #timer: NodeJS.Timeout | undefined

  constructor(pass: (bytes: Buffer, start: number, end: number) => void, settle: () => void, random: Random) {
    this.#pass = pass
    this.#settle = settle
    this.#random = random
  }

  /** Changes the fault of frames to come; without one, those on their way arrive at once. */
  set fault(fault: LinkFault | undefined) {
    this.#fault = fault
    if (fault === undefined) this.#arrive(Infinity)
  }

  /** Takes the frame that lies there; the bytes are the caller's again when it returns. */
  take(bytes: Buffer, start: number, end: number): Taken {
    const fault = this.#fault
    if (fault === undefined && this.#isEmpty()) {
      this.#pass(bytes, start, end)
      return 'passed'
    }
    const { delayMs = 0, jitterMs = 0, loss = 0 } = fault ?? {}
    if (loss > 0 && this.#random() < loss) return 'lost'
    if (delayMs === 0 && jitterMs === 0 && this.#isEmpty()) {
      this.#pass(bytes, start, end)
      return 'passed'
    }
    const size = end - start
    const frames = this.#waiting.length - this.#next
    if (frames >= LINE_LIMIT.frames || this.#bytes + size > LINE_LIMIT.bytes) return 'full'
    const jitter = jitterMs === 0 ? 0 : (this.#random() * 2 - 1) * jitterMs
    const dueMs = performance.now() + Math.max(0, delayMs + jitter)
    // Not out of Node's shared pool: a small frame that waits would hold back all of its page.
    const copy = Buffer.allocUnsafeSlow(size)
    bytes.copy(copy, 0, start, end)
    this.#waiting.push({ bytes: copy, dueMs })
    this.#bytes += size
    this.#wait()
    return 'passed'
  }

  /** Forgets what is on its way. */
  clear(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#waiting = []
    this.#next = 0
    this.#bytes = 0
  }

  #isEmpty(): boolean {
    return this.#next === this.#waiting.length
  }

  #wait(): void {
    const first = this.#waiting[this.#next]
    if (first === undefined || this.#timer !== undefined) return
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        this.#arrive(performance.now())
      },
      Math.max(1, first.dueMs - performance.now()),
    )
  }

  #arrive(nowMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    let first = this.#waiting[this.#next]
    if (first === undefined) return
    // Who is due earlier than somebody before it waits for that one.
    while (first !== undefined && first.dueMs <= nowMs) {
      this.#next += 1
      this.#bytes -= first.bytes.length
      this.#pass(first.bytes, 0, first.bytes.length)
      first = this.#waiting[this.#next]
    }
    if (this.#next > 1024 || this.#isEmpty()) {
      this.#waiting = this.#waiting.slice(this.#next)
      this.#next = 0
    }
    this.#settle()
    this.#wait()
  }
}
