// What the service host says in ICMP (RFC 792) and ICMPv6 (RFC 4443): answers to pings, and that nobody listens.

import { buildDatagram, PROTOCOL, pseudoHeader, type Datagram, type Outgoing } from './datagram.ts'
import { internetChecksum } from './internet-checksum.ts'

/** Whether an ICMP or ICMPv6 packet is one: long enough, and its checksum right. */
export function isIcmp(datagram: Datagram): boolean {
  const { payload, protocol } = datagram
  if (payload.length < 8) return false
  if (protocol === PROTOCOL.icmp) return datagram.source.length === 4 && internetChecksum(payload) === 0
  return datagram.source.length === 16 && internetChecksum(pseudoHeader(datagram), payload) === 0
}

/** The answer to an echo request; undefined when it is none. */
export function echoReply(datagram: Datagram): Buffer | undefined {
  const { payload, protocol, source, destination } = datagram
  const [request, reply] = protocol === PROTOCOL.icmp ? [8, 0] : [128, 129]
  if (payload[0] !== request || payload[1] !== 0) return undefined
  const answer = Buffer.from(payload)
  answer[0] = reply
  return buildIcmp({ source: destination, destination: source, protocol, payload: answer })
}

// RFC 1812, 4.3.2.3 and RFC 4443, 2.4 (c): no longer than every link takes.
const QUOTED_BYTES = { ipv4: 548, ipv6: 1232 } as const

/** "Port unreachable", so that whoever asks a port that nobody serves is refused at once, by UDP and TCP. */
export function portUnreachable({ source, destination, whole }: Datagram): Buffer {
  const isIpv4 = source.length === 4
  const quoted = whole.subarray(0, isIpv4 ? QUOTED_BYTES.ipv4 : QUOTED_BYTES.ipv6)
  const payload = Buffer.concat([Buffer.from([...(isIpv4 ? [3, 3] : [1, 4]), 0, 0, 0, 0, 0, 0]), quoted])
  const protocol = isIpv4 ? PROTOCOL.icmp : PROTOCOL.icmp6
  return buildIcmp({ source: destination, destination: source, protocol, payload })
}

/** A whole packet; fills in the payload's checksum. */
export function buildIcmp(outgoing: Outgoing): Buffer {
  const { payload, protocol } = outgoing
  payload.writeUInt16BE(0, 2)
  const covered = protocol === PROTOCOL.icmp ? [payload] : [pseudoHeader(outgoing), payload]
  payload.writeUInt16BE(internetChecksum(...covered), 2)
  return buildDatagram(outgoing)
}
