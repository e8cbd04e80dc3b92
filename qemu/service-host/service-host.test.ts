// The host that is no machine: its frames by hand, right ones and hostile ones.

import { randomBytes } from 'node:crypto'
import { decode, encode } from 'dns-packet'
import { describe, expect, test } from 'vitest'
import { addressBytes, macBytes } from './addresses.ts'
import { buildDatagram, parseDatagram, PROTOCOL, pseudoHeader } from './datagram.ts'
import { buildIcmp } from './icmp.ts'
import { internetChecksum } from './internet-checksum.ts'
import { frameAnswerer } from './service-host.ts'
import { buildUdp, parseUdp } from './udp.ts'

const HOST = { mac: '52:54:5b:00:00:ff', ipv4: '10.77.0.1', ipv6: 'fd77::1' }
const GUEST = { mac: '52:54:5b:00:00:00', ipv4: '10.77.0.10', ipv6: 'fd77::10' }
const FAMILIES = ['ipv4', 'ipv6'] as const
const BROADCAST = 'ff:ff:ff:ff:ff:ff'
// RFC 2464, 7: of fd77::1's solicited-node group.
const SOLICITED = '33:33:ff:00:00:01'
const TYPE = { arp: 0x0806, ipv4: 0x0800, ipv6: 0x86dd } as const

const asked: string[] = []
const answer = frameAnswerer({
  ...HOST,
  zone: { domain: 'c.internal', reverseDomains: [], hosts: () => [{ name: 'm0', ...GUEST }] },
  answerTime: (request, source) => {
    asked.push(source.toString('hex'))
    return Buffer.from(`time for ${request.toString('latin1')}`)
  },
})

interface Wish {
  readonly to?: string
  readonly from?: string
}

function frame(type: number, content: Buffer, { to = HOST.mac, from = GUEST.mac }: Wish = {}): Buffer {
  return Buffer.concat([macBytes(to), macBytes(from), Buffer.from([type >> 8, type & 0xff]), content])
}

/** Sends a packet; returns the one that came back, whose addresses, lengths and checksums were right. */
function send(family: 'ipv4' | 'ipv6', packet: Buffer, wish?: Wish): ReturnType<typeof parseDatagram> {
  const back = answer(frame(TYPE[family], packet, wish))
  if (back === undefined) return undefined
  expect(back.length).toBeGreaterThanOrEqual(60)
  expect(back.toString('hex', 6, 12)).toBe(HOST.mac.replaceAll(':', ''))
  const datagram = parseDatagram(back.subarray(14))
  if (datagram === undefined) throw new Error('what came back is no packet')
  return datagram
}

const ends = (family: 'ipv4' | 'ipv6'): { source: Buffer; destination: Buffer } => ({
  source: addressBytes(GUEST[family]),
  destination: addressBytes(HOST[family]),
})

function udp(family: 'ipv4' | 'ipv6', destinationPort: number, data: Buffer): Buffer {
  const { source, destination } = ends(family)
  return buildUdp(source, destination, { sourcePort: 40_000, destinationPort, data })
}

function echo(family: 'ipv4' | 'ipv6', data: Buffer): Buffer {
  const protocol = family === 'ipv4' ? PROTOCOL.icmp : PROTOCOL.icmp6
  const head = [family === 'ipv4' ? 8 : 128, 0, 0, 0, 1, 2, 0, 7]
  return buildIcmp({ ...ends(family), protocol, payload: Buffer.concat([Buffer.from(head), data]) })
}

const question = encode({ type: 'query', id: 7, questions: [{ name: 'm0.c.internal', type: 'A' }] })

test('ARP: who has our address hears it, everybody else nothing', () => {
  const arp = (target: string, operation = 1): Buffer =>
    Buffer.concat([
      Buffer.from([0, 1, 8, 0, 6, 4, 0, operation]),
      macBytes(GUEST.mac),
      addressBytes(GUEST.ipv4),
      Buffer.alloc(6),
      addressBytes(target),
    ])
  const reply = answer(frame(TYPE.arp, arp(HOST.ipv4), { to: BROADCAST }))
  expect(reply?.subarray(0, 42)).toEqual(
    Buffer.concat([
      macBytes(GUEST.mac),
      macBytes(HOST.mac),
      Buffer.from([8, 6, 0, 1, 8, 0, 6, 4, 0, 2]),
      macBytes(HOST.mac),
      addressBytes(HOST.ipv4),
      macBytes(GUEST.mac),
      addressBytes(GUEST.ipv4),
    ]),
  )
  expect(answer(frame(TYPE.arp, arp('10.77.0.11'), { to: BROADCAST }))).toBeUndefined()
  expect(answer(frame(TYPE.arp, arp(HOST.ipv4, 2), { to: BROADCAST }))).toBeUndefined()
  expect(answer(frame(TYPE.arp, arp(HOST.ipv4).subarray(0, 27), { to: BROADCAST }))).toBeUndefined()
})

describe('neighbour discovery', () => {
  const solicit = (source: string, target: string, hopLimit = 255): Buffer =>
    buildIcmp({
      source: addressBytes(source),
      destination: addressBytes('ff02::1:ff00:1'),
      protocol: PROTOCOL.icmp6,
      payload: Buffer.concat([Buffer.from([135, 0, 0, 0, 0, 0, 0, 0]), addressBytes(target)]),
      hopLimit,
    })

  test('our address is advertised to who asks', () => {
    const back = send('ipv6', solicit('fe80::10', HOST.ipv6), { to: SOLICITED })
    expect(back).toMatchObject({
      source: addressBytes(HOST.ipv6),
      destination: addressBytes('fe80::10'),
      hopLimit: 255,
    })
    expect(back?.payload.toString('hex')).toMatch(/^8800....60000000fd77(0{24})0001020152545b0000ff$/)
    expect(internetChecksum(pseudoHeader(back ?? never()), back?.payload ?? never())).toBe(0)
  })

  test('who wants our address for itself: all hear that it is taken', () => {
    const bytes = frame(TYPE.ipv6, solicit('::', HOST.ipv6), { to: SOLICITED })
    const back = answer(bytes)
    expect(back?.toString('hex', 0, 6)).toBe('333300000001')
    expect(parseDatagram(back?.subarray(14) ?? never())?.destination).toEqual(addressBytes('ff02::1'))
  })

  test.each([
    ['another address', solicit('fe80::10', 'fd77::2')],
    ['from beyond a router', solicit('fe80::10', HOST.ipv6, 64)],
    ['a wrong checksum', flip(solicit('fe80::10', HOST.ipv6), 60)],
    ['cut', cutIpv6(solicit('fe80::10', HOST.ipv6), 20)],
  ])('%s: nothing', (_, packet) => {
    expect(send('ipv6', packet, { to: SOLICITED })).toBeUndefined()
  })
})

describe.each(FAMILIES)('%s', (family) => {
  test('a ping comes back as it was', () => {
    for (const size of [0, 1, 56, 57, 1400]) {
      const data = randomBytes(size)
      const back = send(family, echo(family, data))
      expect(back).toMatchObject({ source: ends(family).destination, destination: ends(family).source })
      expect([...(back?.payload.subarray(0, 2) ?? [])]).toEqual([family === 'ipv4' ? 0 : 129, 0])
      expect(back?.payload.subarray(4)).toEqual(Buffer.concat([Buffer.from([1, 2, 0, 7]), data]))
      const covered = family === 'ipv4' ? [] : [pseudoHeader(back ?? never())]
      expect(internetChecksum(...covered, back?.payload ?? never())).toBe(0)
    }
  })

  test('names at port 53, the time at port 123, each from where it was asked', () => {
    const dns = parseUdp(send(family, udp(family, 53, question)) ?? never())
    expect(dns).toMatchObject({ sourcePort: 53, destinationPort: 40_000 })
    expect(decode(dns?.data ?? never()).answers).toEqual([expect.objectContaining({ data: GUEST.ipv4 })])
    asked.length = 0
    const time = parseUdp(send(family, udp(family, 123, Buffer.from('me'))) ?? never())
    expect(time?.data.toString()).toBe('time for me')
    expect(asked).toEqual([ends(family).source.toString('hex')])
  })

  test('other ports and TCP are refused at once, with what was asked', () => {
    const tcp = buildDatagram({ ...ends(family), protocol: PROTOCOL.tcp, payload: randomBytes(40) })
    for (const packet of [udp(family, 80, randomBytes(1300)), tcp]) {
      const back = send(family, packet)
      expect([...(back?.payload.subarray(0, 2) ?? [])]).toEqual(family === 'ipv4' ? [3, 3] : [1, 4])
      const quoted = back?.payload.subarray(8) ?? never()
      expect(packet.subarray(0, quoted.length)).toEqual(quoted)
      expect(back?.whole.length).toBeLessThanOrEqual(family === 'ipv4' ? 576 : 1280)
    }
  })

  test.each([
    ['cut anywhere', (good: Buffer) => good.subarray(0, good.length - 1)],
    ['a wrong checksum of UDP', (good: Buffer) => flip(good, good.length - 1)],
    ['a UDP length beyond the packet', (good: Buffer) => change16(good, udpAt(family) + 4, 4000)],
    ['a UDP length below its header', (good: Buffer) => change16(good, udpAt(family) + 4, 7)],
    ['from port 0', (good: Buffer) => change16(good, udpAt(family), 0)],
    ['another version', (good: Buffer) => Buffer.concat([Buffer.from([0x55]), good.subarray(1)])],
  ])('%s: nothing', (_, spoil) => {
    expect(send(family, spoil(udp(family, 53, question)))).toBeUndefined()
  })

  test('cut anywhere, never a word and never an exception', () => {
    for (const packet of [udp(family, 53, question), echo(family, randomBytes(20))]) {
      for (let length = 0; length < packet.length; length += 1)
        expect(send(family, packet.subarray(0, length))).toBeUndefined()
    }
  })

  test('from a group, from nobody or from ourselves, or for somebody else: nothing', () => {
    const packet = udp(family, 53, question)
    expect(send(family, packet, { from: BROADCAST })).toBeUndefined()
    expect(send(family, packet, { from: HOST.mac })).toBeUndefined()
    expect(send(family, packet, { to: '52:54:5b:00:00:07' })).toBeUndefined()
    const sources =
      family === 'ipv4' ? ['0.0.0.0', '255.255.255.255', '224.0.0.1', '127.0.0.1'] : ['::', 'ff02::1']
    for (const source of sources.map(addressBytes)) {
      const { destination } = ends(family)
      const message = { sourcePort: 1, destinationPort: 80, data: question }
      expect(send(family, buildUdp(source, destination, message))).toBeUndefined()
    }
    const other = family === 'ipv4' ? '10.77.0.255' : 'ff02::1'
    const message = { sourcePort: 1, destinationPort: 53, data: question }
    const toOther = buildUdp(ends(family).source, addressBytes(other), message)
    expect(send(family, toOther, { to: BROADCAST })).toBeUndefined()
  })
})

test('IPv4: a wrong header checksum, fragments, odd header lengths: nothing; options and no UDP checksum: answered', () => {
  const good = udp('ipv4', 53, question)
  expect(send('ipv4', flip(good, 11))).toBeUndefined()
  for (const flags of [0x2000, 0x0001, 0x3fff]) expect(send('ipv4', header16(good, 6, flags))).toBeUndefined()
  for (const first of [0x40, 0x44, 0x4f]) expect(send('ipv4', header16(good, 0, first << 8))).toBeUndefined()
  for (const total of [0, 19, 4000]) expect(send('ipv4', header16(good, 2, total))).toBeUndefined()
  const unsummed = change16(good, 20 + 6, 0)
  expect(send('ipv4', unsummed)).toBeDefined()
  const withOptions = Buffer.concat([good.subarray(0, 20), Buffer.from([1, 1, 1, 0]), good.subarray(20)])
  withOptions.writeUInt8(0x46, 0)
  expect(send('ipv4', header16(withOptions, 2, withOptions.length))).toBeDefined()
  // The same without a checksum over IPv6, where it must have one.
  expect(send('ipv6', change16(udp('ipv6', 53, question), 40 + 6, 0))).toBeUndefined()
})

test('noise: no exception, no word, and it answers afterwards', () => {
  const answered = Array.from({ length: 5000 }, (_, round) => {
    const size = round % 200
    const type = [TYPE.arp, TYPE.ipv4, TYPE.ipv6, 0x8100][round % 4] ?? 0
    return answer(round % 8 === 0 ? randomBytes(size) : frame(type, randomBytes(size)))
  })
  expect(answered.filter((each) => each !== undefined)).toEqual([])
  expect(send('ipv4', udp('ipv4', 53, question))).toBeDefined()
})

function udpAt(family: 'ipv4' | 'ipv6'): number {
  return family === 'ipv4' ? 20 : 40
}

function flip(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at)
  return copy
}

function change16(bytes: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt16BE(value, at)
  return copy
}

/** Changes an IPv4 header, whose checksum stays right. */
function header16(bytes: Buffer, at: number, value: number): Buffer {
  const copy = change16(bytes, at, value)
  copy.writeUInt16BE(0, 10)
  copy.writeUInt16BE(internetChecksum(copy.subarray(0, (copy.readUInt8(0) & 15) * 4)), 10)
  return copy
}

/** Takes bytes from the end, and the length with them. */
function cutIpv6(bytes: Buffer, count: number): Buffer {
  return change16(bytes.subarray(0, bytes.length - count), 4, bytes.length - count - 40)
}

function never(): never {
  throw new Error('nothing came back')
}
