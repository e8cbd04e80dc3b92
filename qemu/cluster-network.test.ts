// A whole cluster network in this process: guests by hand at its switch, which ask its own host for names and the time.

import { decode, encode } from 'dns-packet'
import { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { openClusterNetwork, type ClusterNetwork } from './cluster-network.ts'
import { privateAddress, SERVICE_ADDRESSES, serviceMac } from './private-network.ts'
import { addressBytes, macBytes } from './service-host/addresses.ts'
import { parseDatagram } from './service-host/datagram.ts'
import { buildUdp, parseUdp } from './service-host/udp.ts'

const CLUSTER = 'test'
const open: ClusterNetwork[] = []
afterEach(() => open.splice(0).forEach((network) => network[Symbol.dispose]()))

function cluster(machines: number, nowMs?: () => number): ClusterNetwork {
  const network = openClusterNetwork({
    clusterId: CLUSTER,
    machines,
    ...(nowMs === undefined ? {} : { nowMs }),
  })
  open.push(network)
  return network
}

interface Guest {
  readonly cable: Duplex
  /** Sends UDP to the network's host; the data of the answer, or undefined when there is none. */
  ask(port: number, data: Buffer): Promise<Buffer | undefined>
  /** The first address of a name; the code when there is none; undefined without an answer. */
  resolve(name: string): Promise<string | number | undefined>
}

function plugIn(network: ClusterNetwork, index: number, family: 'ipv4' | 'ipv6' = 'ipv4'): Guest {
  const self = privateAddress(CLUSTER, index)
  const received: Buffer[] = []
  const cable = new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _encoding, done) => {
      for (let at = 4; at < bytes.length; at += 4 + bytes.readUInt32BE(at - 4)) {
        const frame = Buffer.from(bytes.subarray(at, at + bytes.readUInt32BE(at - 4)))
        // Others come too while the switch has not learned where to.
        if (frame.subarray(0, 6).equals(macBytes(self.mac))) received.push(frame)
      }
      done()
    },
  })
  network.plugIn(cable, index)
  const ask = async (port: number, data: Buffer): Promise<Buffer | undefined> => {
    received.splice(0)
    cable.push(withLength(question(self, family, port, data)))
    // Streams hand on at the end of a turn; all of it is in this process.
    for (let turn = 0; turn < 20 && received.length === 0; turn += 1) await setImmediate()
    const packet = parseDatagram(received[0]?.subarray(14) ?? Buffer.alloc(0))
    return packet && parseUdp(packet)?.data
  }
  return {
    cable,
    ask,
    resolve: async (name) => {
      const answer = await ask(53, encode({ type: 'query', id: 1, questions: [{ name, type: 'A' }] }))
      if (answer === undefined) return undefined
      const [first] = decode(answer).answers ?? []
      return first?.type === 'A' ? first.data : answer.readUInt16BE(2) & 0xf
    },
  }
}

function question(
  self: ReturnType<typeof privateAddress>,
  family: 'ipv4' | 'ipv6',
  destinationPort: number,
  data: Buffer,
): Buffer {
  const head = [macBytes(serviceMac(CLUSTER)), macBytes(self.mac)]
  const type = Buffer.from(family === 'ipv4' ? [8, 0] : [0x86, 0xdd])
  const [source, destination] = [addressBytes(self[family]), addressBytes(SERVICE_ADDRESSES[family])]
  return Buffer.concat([
    ...head,
    type,
    buildUdp(source, destination, { sourcePort: 9, destinationPort, data }),
  ])
}

function withLength(frame: Buffer): Buffer {
  const prefix = Buffer.alloc(4)
  prefix.writeUInt32BE(frame.length)
  return Buffer.concat([prefix, frame])
}

const ntpRequest = Buffer.concat([Buffer.from([0x23]), Buffer.alloc(47)])
const TO_1970 = 2_208_988_800

test('the machines it was opened for have names, and one that comes later gets one', async () => {
  const network = cluster(2)
  const m0 = plugIn(network, 0)
  expect(await m0.resolve('m1.cluster.internal')).toBe('10.77.0.11')
  expect(await m0.resolve('ntp.cluster.internal')).toBe('10.77.0.1')
  expect(await m0.resolve('m2.cluster.internal')).toBe(3)
  expect(await m0.resolve('example.com')).toBe(5)
  const m2 = plugIn(network, 2, 'ipv6')
  expect(await m0.resolve('m2.cluster.internal')).toBe('10.77.0.12')
  expect(await m2.resolve('m0.cluster.internal')).toBe('10.77.0.10')
})

test('it tells the time as it is set, and who asked', async () => {
  const network = cluster(2, () => 1_000_000)
  const seconds = async (guest: Guest): Promise<number> =>
    ((await guest.ask(123, ntpRequest))?.readUInt32BE(40) ?? Number.NaN) - TO_1970
  expect(await seconds(plugIn(network, 0))).toBe(1000)
  network.clock.set({ offsetMs: 86_400_000, leap: 'delete' })
  expect(await seconds(plugIn(network, 1, 'ipv6'))).toBe(87_400)
  expect(network.clock.requests).toEqual([
    { from: 'm0', offsetMs: 0, leap: 'none' },
    { from: 'm1', offsetMs: 86_400_000, leap: 'delete' },
  ])
})

test('a cut machine has no names; a partition leaves them to all; the host can be cut itself', async () => {
  const { ethernet, ...network } = cluster(2)
  const [m0, m1] = [plugIn({ ethernet, ...network }, 0), plugIn({ ethernet, ...network }, 1)]
  const both = async (): Promise<readonly unknown[]> => [
    await m0.resolve('m1.cluster.internal'),
    await m1.resolve('m1.cluster.internal'),
  ]
  ethernet.cut('m0')
  expect(await both()).toEqual([undefined, '10.77.0.11'])
  ethernet.heal('m0')
  ethernet.partition([['m0'], ['m1']])
  expect(await both()).toEqual(['10.77.0.11', '10.77.0.11'])
  ethernet.partition([['m0', 'services']])
  expect(await both()).toEqual(['10.77.0.11', undefined])
  ethernet.heal()
  ethernet.cut('services')
  expect(await both()).toEqual([undefined, undefined])
})

test('two clusters with the same addresses never meet', async () => {
  const [one, other] = [cluster(1), cluster(2)]
  const [m0, theirs] = [plugIn(one, 0), plugIn(other, 0)]
  expect(await m0.resolve('m1.cluster.internal')).toBe(3)
  expect(await theirs.resolve('m1.cluster.internal')).toBe('10.77.0.11')
  other.ethernet.cut('m0')
  expect(await m0.resolve('m0.cluster.internal')).toBe('10.77.0.10')
  expect(other.ethernet.ports.get('m0')?.counters.receivedFrames).toBe(1)
})

test('who floods it and reads nothing holds a bounded queue; others are answered meanwhile', async () => {
  const network = cluster(2)
  const self = privateAddress(CLUSTER, 0)
  const flooding = new Duplex({
    read: () => undefined,
    // Never done: it does not read.
    write: () => undefined,
  })
  network.plugIn(flooding, 0)
  const other = plugIn(network, 1)
  const query = encode({ type: 'query', id: 1, questions: [{ name: 'm1.cluster.internal', type: 'A' }] })
  const flood = Buffer.concat(
    Array.from({ length: 1000 }, () => withLength(question(self, 'ipv4', 53, query))),
  )
  for (let batch = 0; batch < 20; batch += 1) {
    flooding.push(flood)
    expect(await other.resolve('m0.cluster.internal')).toBe('10.77.0.10')
  }
  const { counters } = network.ethernet.ports.get('m0') ?? {}
  expect(counters?.sentFrames).toBe(20_000)
  expect(counters?.receivedBytes).toBeLessThan(2 * 1024 * 1024)
  expect(counters?.overflowed).toBeGreaterThan(0)
})
