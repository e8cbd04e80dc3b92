// How machines find the service host's hardware address: ARP (RFC 826) and IPv6 neighbour discovery (RFC 4861).

import { PROTOCOL, type Datagram } from './datagram.ts'
import { buildIcmp } from './icmp.ts'

/** Who is asked for. */
export interface Neighbour {
  readonly mac: Buffer
  readonly ipv4: Buffer
  readonly ipv6: Buffer
}

// Ethernet, IPv4, 6 and 4 bytes.
const ARP_HEAD = Buffer.from([0, 1, 8, 0, 6, 4])
const ARP_BYTES = 28

/** The answer to "who has our IPv4 address?"; undefined when it is another message. */
export function arpReply(packet: Buffer, { mac, ipv4 }: Neighbour): Buffer | undefined {
  if (packet.length < ARP_BYTES || !packet.subarray(0, 6).equals(ARP_HEAD)) return undefined
  if (packet.readUInt16BE(6) !== 1 || !packet.subarray(24, 28).equals(ipv4)) return undefined
  return Buffer.concat([ARP_HEAD, Buffer.from([0, 2]), mac, ipv4, packet.subarray(8, 18)])
}

const SOLICITATION = 135
const ADVERTISEMENT = 136
const ALL_NODES = Buffer.from('ff020000000000000000000000000001', 'hex')

/** The answer to a solicitation for our IPv6 address, a right ICMPv6 packet; undefined when it is another message. */
export function advertisement(
  datagram: Datagram,
  { mac, ipv6 }: Neighbour,
): { readonly packet: Buffer; readonly toAll: boolean } | undefined {
  const { payload, source, hopLimit } = datagram
  // A hop limit of 255 proves that no router has let it in (RFC 4861, 7.1.1).
  if (payload[0] !== SOLICITATION || payload[1] !== 0 || payload.length < 24 || hopLimit !== 255)
    return undefined
  if (!payload.subarray(8, 24).equals(ipv6)) return undefined
  // Nobody yet: it asks whether the address is free (RFC 4862), and all shall hear that it is not.
  const toAll = source.every((byte) => byte === 0)
  const flags = Buffer.from([toAll ? 0x20 : 0x60, 0, 0, 0])
  const body = [Buffer.from([ADVERTISEMENT, 0, 0, 0]), flags, ipv6, Buffer.from([2, 1]), mac]
  const packet = buildIcmp({
    source: ipv6,
    destination: toAll ? ALL_NODES : source,
    protocol: PROTOCOL.icmp6,
    payload: Buffer.concat(body),
    hopLimit: 255,
  })
  return { packet, toAll }
}
