// One machine's place at the switch: it cuts the byte stream of QEMU's `-netdev stream` into frames and back, and applies
// what is wrong with the machine's link. The switch behind it decides where a frame goes.

import type { Duplex } from 'node:stream'
import { DelayLine, type LinkFault, type Random, type Taken } from './delay-line.ts'

/** What passed through one port since it was connected. Bytes are those of the frames. */
export interface PortCounters {
  /** By the machine. */
  readonly sentFrames: number
  readonly sentBytes: number
  /** Handed over to the machine's QEMU, or about to be. */
  readonly receivedFrames: number
  readonly receivedBytes: number
  /** Frames for the machine that it did not read in time, and frames that were too many on a slow link. */
  readonly overflowed: number
  /** Frames from or to the machine that a cut or a partition stopped. */
  readonly blocked: number
  /** Frames from or to the machine that `loss` has taken. */
  readonly lost: number
  /** Frames from the machine that are shorter than an Ethernet header. */
  readonly runts: number
}

/** Why a port is no longer connected. `expelled`: it sent what is no frame. */
export type PortEnd =
  | { readonly kind: 'disposed' | 'vanished' | 'replaced' }
  | { readonly kind: 'expelled'; readonly reason: string }

/** One machine's place at the switch. Disposing unplugs it and destroys its stream. */
export interface SwitchPort extends Disposable {
  readonly name: string
  readonly counters: PortCounters
  /** Settles when the port is gone; never rejects. */
  readonly ended: Promise<PortEnd>
}

/** The longest frame that passes: without offloading, which `-netdev stream` has not, no guest needs a longer one. */
export const MAX_FRAME_BYTES = 65_536

// Each frame follows its length, a big-endian number of 4 bytes (QEMU net/net.c, `net_fill_rstate`).
export const PREFIX_BYTES = 4
const HEADER_BYTES = 14
const QUEUE_BYTES = 512 * 1024

export interface Fabric {
  readonly random: Random
  /** Takes one frame of the port, with its prefix, and only reads the bytes. */
  readonly forward: (from: Port, bytes: Buffer, start: number, end: number) => void
  /** Called after the frames of each chunk. */
  readonly flush: () => void
  readonly forget: (port: Port) => void
}

// Frames are copied into the receiver's queue, and a whole queue is written at once: no allocation a frame, few system
// calls, and memory that is bounded by construction (untouched pages of a buffer cost nothing).
export class Port implements SwitchPort {
  readonly name: string
  readonly ended: Promise<PortEnd>
  readonly counters = {
    sentFrames: 0,
    sentBytes: 0,
    receivedFrames: 0,
    receivedBytes: 0,
    overflowed: 0,
    blocked: 0,
    lost: 0,
    runts: 0,
  }
  isCut = false
  /** Frames pass between ports of the same group; `all` is in every group. */
  group: number | 'all' | undefined
  /** How many addresses the switch learned here. */
  learned = 0
  readonly #stream: Duplex
  readonly #fabric: Fabric
  readonly #settle: (end: PortEnd) => void
  readonly #fromMachine: DelayLine
  readonly #toMachine: DelayLine
  /** The beginning of a frame whose end did not arrive yet. */
  readonly #held = Buffer.allocUnsafeSlow(PREFIX_BYTES + MAX_FRAME_BYTES)
  #heldBytes = 0
  #queue = Buffer.allocUnsafeSlow(QUEUE_BYTES)
  #queuedBytes = 0
  #written = Buffer.allocUnsafeSlow(QUEUE_BYTES)
  #isWriting = false
  #hasEnded = false

  constructor(stream: Duplex, name: string, fabric: Fabric) {
    this.name = name
    this.#stream = stream
    this.#fabric = fabric
    const { promise, resolve } = Promise.withResolvers<PortEnd>()
    this.ended = promise
    this.#settle = resolve
    const { random } = fabric
    this.#fromMachine = new DelayLine(
      (bytes, start, end) => this.#forward(bytes, start, end),
      () => fabric.flush(),
      random,
    )
    this.#toMachine = new DelayLine(
      (bytes, start, end) => this.#enqueue(bytes, start, end),
      () => this.flush(),
      random,
    )
    const vanish = (): void => this.end({ kind: 'vanished' })
    stream.on('error', vanish)
    stream.on('end', vanish)
    stream.on('close', vanish)
    stream.on('data', (chunk: Buffer) => this.#read(chunk))
  }

  /** What is wrong with the link, both ways. */
  set fault(fault: LinkFault | undefined) {
    this.#fromMachine.fault = fault
    this.#toMachine.fault = fault
  }

  /** Takes a frame for the machine. */
  offer(bytes: Buffer, start: number, end: number): void {
    this.#count(this.#toMachine.take(bytes, start, end))
  }

  /** Queues a frame, or drops it when the queue is full. */
  #enqueue(bytes: Buffer, start: number, end: number): void {
    if (this.isCut) {
      this.counters.blocked += 1
      return
    }
    const size = end - start
    if (size > QUEUE_BYTES - this.#queuedBytes) {
      this.counters.overflowed += 1
      return
    }
    bytes.copy(this.#queue, this.#queuedBytes, start, end)
    this.#queuedBytes += size
    this.counters.receivedFrames += 1
    this.counters.receivedBytes += size - PREFIX_BYTES
  }

  /** Writes the queue unless the one before is still being written. */
  flush(): void {
    if (this.#isWriting || this.#queuedBytes === 0 || this.#hasEnded) return
    const bytes = this.#queue.subarray(0, this.#queuedBytes)
    const free = this.#written
    this.#written = this.#queue
    this.#queue = free
    this.#queuedBytes = 0
    this.#isWriting = true
    this.#stream.write(bytes, (error) => {
      // The stream's end follows.
      if (error) return
      this.#isWriting = false
      this.flush()
    })
  }

  end(end: PortEnd): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#fromMachine.clear()
    this.#toMachine.clear()
    this.#fabric.forget(this)
    this.#stream.destroy()
    this.#settle(end)
  }

  [Symbol.dispose](): void {
    this.end({ kind: 'disposed' })
  }

  #read(chunk: Buffer): void {
    if (this.#hasEnded) return
    const reason = this.#readFrames(chunk)
    this.#fabric.flush()
    if (reason !== undefined) this.end({ kind: 'expelled', reason })
  }

  /** Returns why the bytes are no frames. */
  #readFrames(chunk: Buffer): string | undefined {
    let at = 0
    if (this.#heldBytes > 0) {
      at = this.#hold(chunk, at, PREFIX_BYTES)
      if (this.#heldBytes < PREFIX_BYTES) return undefined
      const length = this.#held.readUInt32BE(0)
      if (!isFrameLength(length)) return badLength(length)
      at = this.#hold(chunk, at, PREFIX_BYTES + length)
      if (this.#heldBytes < PREFIX_BYTES + length) return undefined
      this.#heldBytes = 0
      this.#send(this.#held, 0, PREFIX_BYTES + length)
    }
    while (chunk.length - at >= PREFIX_BYTES) {
      const length = chunk.readUInt32BE(at)
      if (!isFrameLength(length)) return badLength(length)
      const end = at + PREFIX_BYTES + length
      if (end > chunk.length) break
      this.#send(chunk, at, end)
      at = end
    }
    this.#hold(chunk, at, this.#held.length)
    return undefined
  }

  /** Holds bytes until there are so many, and returns where the rest of the chunk begins. */
  #hold(chunk: Buffer, at: number, until: number): number {
    const copied = chunk.copy(this.#held, this.#heldBytes, at, at + Math.max(0, until - this.#heldBytes))
    this.#heldBytes += copied
    return at + copied
  }

  #send(bytes: Buffer, start: number, end: number): void {
    const size = end - start - PREFIX_BYTES
    this.counters.sentFrames += 1
    this.counters.sentBytes += size
    if (size < HEADER_BYTES) this.counters.runts += 1
    else if (this.isCut) this.counters.blocked += 1
    else this.#count(this.#fromMachine.take(bytes, start, end))
  }

  // The link may have been cut while the frame was on its way.
  #forward(bytes: Buffer, start: number, end: number): void {
    if (this.isCut) this.counters.blocked += 1
    else this.#fabric.forward(this, bytes, start, end)
  }

  #count(taken: Taken): void {
    if (taken === 'lost') this.counters.lost += 1
    if (taken === 'full') this.counters.overflowed += 1
  }
}

function isFrameLength(length: number): boolean {
  return length > 0 && length <= MAX_FRAME_BYTES
}

function badLength(length: number): string {
  return `it announced a frame of ${length} bytes; expected 1 to ${MAX_FRAME_BYTES}`
}
