// UDP (RFC 768) over either version of IP.

import { buildDatagram, PROTOCOL, pseudoHeader, type Datagram } from './datagram.ts'
import { internetChecksum } from './internet-checksum.ts'

export interface UdpMessage {
  readonly sourcePort: number
  readonly destinationPort: number
  readonly data: Buffer
}

/** The message in a packet whose protocol is UDP; undefined when it must be dropped. */
export function parseUdp(datagram: Datagram): UdpMessage | undefined {
  const { payload, source } = datagram
  if (payload.length < 8) return undefined
  const length = payload.readUInt16BE(4)
  if (length < 8 || length > payload.length) return undefined
  const message = payload.subarray(0, length)
  const checksum = message.readUInt16BE(6)
  // Zero means none, which only IPv4 allows.
  if (checksum === 0 && source.length === 16) return undefined
  if (checksum !== 0) {
    const covered = pseudoHeader({ ...datagram, payload: message })
    if (internetChecksum(covered, message) !== 0) return undefined
  }
  return {
    sourcePort: message.readUInt16BE(0),
    destinationPort: message.readUInt16BE(2),
    data: message.subarray(8),
  }
}

/** A whole packet. */
export function buildUdp(
  source: Buffer,
  destination: Buffer,
  { sourcePort, destinationPort, data }: UdpMessage,
): Buffer {
  const payload = Buffer.alloc(8 + data.length)
  payload.writeUInt16BE(sourcePort, 0)
  payload.writeUInt16BE(destinationPort, 2)
  payload.writeUInt16BE(payload.length, 4)
  data.copy(payload, 8)
  const outgoing = { source, destination, protocol: PROTOCOL.udp, payload }
  payload.writeUInt16BE(internetChecksum(pseudoHeader(outgoing), payload) || 0xffff, 6)
  return buildDatagram(outgoing)
}
