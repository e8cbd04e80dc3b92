// A learning Ethernet switch in this process, for the machines of one cluster: no root, no bridge, no port of the host.
// Each port is a socket whose other end is QEMU's `-netdev stream`. What comes from a guest is hostile: whoever does not
// read loses frames, whoever breaks the framing loses its port, and nobody else notices. A new switch needs nothing
// from an old one: it floods what it has not learned yet.

import type { Duplex } from 'node:stream'
import { UsageError } from '../harness/errors.ts'
import type { LinkFault, Random } from './delay-line.ts'
import { Port, PREFIX_BYTES, type SwitchPort } from './switch-port.ts'

export { MAX_FRAME_BYTES, type PortCounters, type PortEnd, type SwitchPort } from './switch-port.ts'

/** Faults belong to names: they outlast a machine's power cycles. Disposing unplugs every port. */
export interface EthernetSwitch extends Disposable {
  /** The connected ports by name. */
  readonly ports: ReadonlyMap<string, SwitchPort>
  /**
   * Plugs in a machine and reads the stream from now on; a port of that name is replaced. The stream must be a socket:
   * the bytes of a write are used again once its callback was called. `everywhere`: where a partition does not name
   * it, it is in each of its groups.
   */
  connect(stream: Duplex, name: string, options?: { readonly everywhere?: boolean }): SwitchPort
  /** Stops all frames from and to one machine; its link stays up. Throws UsageError for a name never connected. */
  cut(name: string): void
  /** Undoes `cut`, `delay` and `loss` for one machine; without a name, those of all and the partition. */
  heal(name?: string): void
  /**
   * Every frame from the machine takes so many milliseconds longer, and every frame to it too: a round trip twice as
   * much. With jitter each delay is up to so much more or less; frames keep their order. At most 60 s; 0 is none.
   */
  delay(name: string, ms: number, jitterMs?: number): void
  /** Loses this share (0 to 1) of the frames from the machine, and of those to it. */
  loss(name: string, share: number): void
  /**
   * Lets frames pass within each group only, instead of any partition before. Machines in no group form one more
   * together. Throws UsageError for a name in two groups or never connected.
   */
  partition(groups: readonly (readonly string[])[]): void
}

const MAX_DELAY_MS = 60_000
// A guest may make up addresses; beyond this number they are not learned, and so flooded.
const ADDRESSES_A_PORT = 1024

export interface SwitchOptions {
  /** Decides what is lost and how delays vary. Default `Math.random`. */
  readonly random?: Random
}

/** A switch without ports. */
export function openSwitch(options: SwitchOptions = {}): EthernetSwitch {
  const { random = Math.random } = options
  const ports = new Map<string, Port>()
  const known = new Set<string>()
  const cuts = new Set<string>()
  const groups = new Map<string, number>()
  const everywhere = new Set<string>()
  const faults = new Map<string, LinkFault>()
  const addresses = new Map<number, Port>()
  let disposed = false

  const rewire = (port: Port): void => {
    port.isCut = cuts.has(port.name)
    port.group = groups.get(port.name) ?? (everywhere.has(port.name) ? 'all' : undefined)
    port.fault = faults.get(port.name)
  }
  const rewireAll = (): void => ports.forEach(rewire)
  const mustKnow = (name: string): void => {
    if (known.has(name)) return
    const hint = known.size === 0 ? 'none was connected yet' : `connected were: ${[...known].join(', ')}`
    throw new UsageError(`no machine "${name}" at the private network`, { code: 'unknown-machine', hint })
  }
  const impair = (name: string, change: Partial<LinkFault>): void => {
    mustKnow(name)
    const fault = { delayMs: 0, jitterMs: 0, loss: 0, ...faults.get(name), ...change }
    if (fault.delayMs === 0 && fault.loss === 0) faults.delete(name)
    else faults.set(name, fault)
    rewireAll()
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
    connect: (stream, name, wish = {}) => {
      if (disposed) throw new Error('the switch is disposed')
      ports.get(name)?.end({ kind: 'replaced' })
      const port = new Port(stream, name, { random, forward, flush, forget })
      if (wish.everywhere === true) everywhere.add(name)
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
        faults.clear()
      } else {
        mustKnow(name)
        cuts.delete(name)
        faults.delete(name)
      }
      rewireAll()
    },
    delay: (name, ms, jitterMs = 0) => {
      mustBe('a delay in milliseconds', ms, MAX_DELAY_MS)
      mustBe('a jitter in milliseconds, no more than the delay', jitterMs, ms)
      impair(name, { delayMs: ms, jitterMs })
    },
    loss: (name, share) => {
      mustBe('a share of frames to lose', share, 1)
      impair(name, { loss: share })
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
  const apart = to.group !== from.group && to.group !== 'all' && from.group !== 'all'
  if (to.isCut || apart) to.counters.blocked += 1
  else to.offer(bytes, start, end)
}

/** Whether the address there is a multicast or broadcast address. */
function isGroupAddress(bytes: Buffer, at: number): boolean {
  return (bytes.readUInt8(at) & 1) === 1
}

function mustBe(what: string, value: number, max: number): void {
  if (Number.isFinite(value) && value >= 0 && value <= max) return
  throw new UsageError(`${value} is not ${what}: expected 0 to ${max}`, { code: 'bad-network-fault' })
}
