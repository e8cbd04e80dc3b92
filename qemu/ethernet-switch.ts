// A learning Ethernet switch in this process, for the machines of one cluster: no root, no bridge, no port of the host.
// Each port is a socket whose other end is QEMU's `-netdev stream`. What comes from a guest is hostile: whoever does not
// read loses frames, whoever breaks the framing loses its port, and nobody else notices. A new switch needs nothing
// from an old one: it floods what it has not learned yet.

import type { Duplex } from 'node:stream'
import { UsageError } from '../harness/errors.ts'

/** What passed through one port since it was connected. Bytes are those of the frames. */
export interface PortCounters {
  /** By the machine. */
  readonly sentFrames: number
  readonly sentBytes: number
  /** Handed over to the machine's QEMU, or about to be. */
  readonly receivedFrames: number
  readonly receivedBytes: number
  /** Frames for the machine that were lost because it did not read them in time. */
  readonly overflowed: number
  /** Frames from or to the machine that a cut or a partition stopped. */
  readonly blocked: number
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

/** Cuts and partitions belong to names: they outlast a machine's power cycles. Disposing unplugs every port. */
export interface EthernetSwitch extends Disposable {
  /** The connected ports by name. */
  readonly ports: ReadonlyMap<string, SwitchPort>
  /**
   * Plugs in a machine and reads the stream from now on; a port of that name is replaced. The stream must be a socket:
   * the bytes of a write are used again once its callback was called.
   */
  connect(stream: Duplex, name: string): SwitchPort
  /** Stops all frames from and to one machine; its link stays up. Throws UsageError for a name never connected. */
  cut(name: string): void
  /** Undoes `cut` for one machine; without a name, all cuts and the partition. */
  heal(name?: string): void
  /**
   * Lets frames pass within each group only, instead of any partition before. Machines in no group form one more
   * together. Throws UsageError for a name in two groups or never connected.
   */
  partition(groups: readonly (readonly string[])[]): void
}

/** The longest frame that passes: without offloading, which `-netdev stream` has not, no guest needs a longer one. */
export const MAX_FRAME_BYTES = 65_536

// Each frame follows its length, a big-endian number of 4 bytes (QEMU net/net.c, `net_fill_rstate`).
const PREFIX_BYTES = 4
const HEADER_BYTES = 14
const QUEUE_BYTES = 512 * 1024
// A guest may make up addresses; beyond this number they are not learned, and so flooded.
const ADDRESSES_A_PORT = 1024

/** A switch without ports. */
export function openSwitch(): EthernetSwitch {
  const ports = new Map<string, Port>()
  const known = new Set<string>()
  const cuts = new Set<string>()
  const groups = new Map<string, number>()
  const addresses = new Map<number, Port>()
  let disposed = false

  const rewire = (port: Port): void => {
    port.isCut = cuts.has(port.name)
    port.group = groups.get(port.name)
  }
  const rewireAll = (): void => ports.forEach(rewire)
  const mustKnow = (name: string): void => {
    if (known.has(name)) return
    const hint = known.size === 0 ? 'none was connected yet' : `connected were: ${[...known].join(', ')}`
    throw new UsageError(`no machine "${name}" at the private network`, { code: 'unknown-machine', hint })
  }
  const learn = (address: number, port: Port): void => {
    const before = addresses.get(address)
    if (before === port || port.learned >= ADDRESSES_A_PORT) return
    if (before !== undefined) before.learned -= 1
    port.learned += 1
    addresses.set(address, port)
  }
  const forget = (port: Port): void => {
    ports.delete(port.name)
    for (const [address, owner] of addresses) if (owner === port) addresses.delete(address)
  }
  const forward = (from: Port, bytes: Buffer, start: number, end: number): void => {
    const destination = start + PREFIX_BYTES
    const source = destination + 6
    if (!isGroupAddress(bytes, source)) learn(bytes.readUIntBE(source, 6), from)
    const to = isGroupAddress(bytes, destination)
      ? undefined
      : addresses.get(bytes.readUIntBE(destination, 6))
    if (to === from) return
    if (to !== undefined) return deliver(from, to, bytes, start, end)
    for (const port of ports.values()) if (port !== from) deliver(from, port, bytes, start, end)
  }
  const flush = (): void => {
    for (const port of ports.values()) port.flush()
  }

  return {
    ports,
    connect: (stream, name) => {
      if (disposed) throw new Error('the switch is disposed')
      ports.get(name)?.end({ kind: 'replaced' })
      const port = new Port(stream, name, { forward, flush, forget })
      known.add(name)
      ports.set(name, port)
      rewire(port)
      if (stream.destroyed) port.end({ kind: 'vanished' })
      return port
    },
    cut: (name) => {
      mustKnow(name)
      cuts.add(name)
      rewireAll()
    },
    heal: (name) => {
      if (name === undefined) {
        cuts.clear()
        groups.clear()
      } else {
        mustKnow(name)
        cuts.delete(name)
      }
      rewireAll()
    },
    partition: (wanted) => {
      const names = wanted.flat()
      names.forEach(mustKnow)
      const twice = names.find((name, index) => names.indexOf(name) !== index)
      if (twice !== undefined) {
        throw new UsageError(`machine "${twice}" is in the partition twice`, { code: 'bad-partition' })
      }
      groups.clear()
      wanted.forEach((group, index) => group.forEach((name) => groups.set(name, index)))
      rewireAll()
    },
    [Symbol.dispose]: () => {
      disposed = true
      for (const port of ports.values()) port.end({ kind: 'disposed' })
    },
  }
}

function deliver(from: Port, to: Port, bytes: Buffer, start: number, end: number): void {
  if (to.isCut || to.group !== from.group) to.counters.blocked += 1
  else to.offer(bytes, start, end)
}

/** Whether the address there is a multicast or broadcast address. */
function isGroupAddress(bytes: Buffer, at: number): boolean {
  return (bytes.readUInt8(at) & 1) === 1
}

interface Fabric {
  /** Takes one frame of the port, with its prefix, and only reads the bytes. */
  readonly forward: (from: Port, bytes: Buffer, start: number, end: number) => void
  /** Called after the frames of each chunk. */
  readonly flush: () => void
  readonly forget: (port: Port) => void
}

// Frames are copied into the receiver's queue, and a whole queue is written at once: no allocation a frame, few system
// calls, and memory that is bounded by construction (untouched pages of a buffer cost nothing).
class Port implements SwitchPort {
  readonly name: string
  readonly ended: Promise<PortEnd>
  readonly counters = {
    sentFrames: 0,
    sentBytes: 0,
    receivedFrames: 0,
    receivedBytes: 0,
    overflowed: 0,
    blocked: 0,
    runts: 0,
  }
  isCut = false
  group: number | undefined
  /** How many addresses the switch learned here. */
  learned = 0
  readonly #stream: Duplex
  readonly #fabric: Fabric
  readonly #settle: (end: PortEnd) => void
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
    const vanish = (): void => this.end({ kind: 'vanished' })
    stream.on('error', vanish)
    stream.on('end', vanish)
    stream.on('close', vanish)
    stream.on('data', (chunk: Buffer) => this.#read(chunk))
  }

  /** Queues a frame, or drops it when the queue is full. */
  offer(bytes: Buffer, start: number, end: number): void {
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
    else this.#fabric.forward(this, bytes, start, end)
  }
}

function isFrameLength(length: number): boolean {
  return length > 0 && length <= MAX_FRAME_BYTES
}

function badLength(length: number): string {
  return `it announced a frame of ${length} bytes; expected 1 to ${MAX_FRAME_BYTES}`
}
