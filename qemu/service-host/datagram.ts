// IPv4 (RFC 791) and IPv6 (RFC 8200) packets, as far as a host needs them that only answers: no options, no extension
// headers, no fragments. What is not whole and right is dropped, as the RFCs want it.

import { internetChecksum } from './internet-checksum.ts'

export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, icmp6: 58 } as const

/** A packet that arrived whole. The buffers are views. */
export interface Datagram {
  readonly source: Buffer
  readonly destination: Buffer
  readonly protocol: number
  readonly hopLimit: number
  readonly payload: Buffer
  /** All of it, header included. */
  readonly whole: Buffer
}

export type Outgoing = Pick<Datagram, 'source' | 'destination' | 'protocol' | 'payload'> & {
  readonly hopLimit?: number
}

/** The packet at the beginning of the bytes, which may go on (Ethernet pads); undefined when it must be dropped. */
export function parseDatagram(bytes: Buffer): Datagram | undefined {
  const version = (bytes[0] ?? 0) >> 4
  if (version === 4) return parseIpv4(bytes)
  return version === 6 ? parseIpv6(bytes) : undefined
}

function parseIpv4(bytes: Buffer): Datagram | undefined {
  if (bytes.length < 20) return undefined
  const headerBytes = (bytes.readUInt8(0) & 0x0f) * 4
  const totalBytes = bytes.readUInt16BE(2)
  if (headerBytes < 20 || totalBytes < headerBytes || totalBytes > bytes.length) return undefined
  if (internetChecksum(bytes.subarray(0, headerBytes)) !== 0) return undefined
  // More fragments, or an offset.
  if ((bytes.readUInt16BE(6) & 0x3fff) !== 0) return undefined
  return {
    source: bytes.subarray(12, 16),
    destination: bytes.subarray(16, 20),
    protocol: bytes.readUInt8(9),
    hopLimit: bytes.readUInt8(8),
    payload: bytes.subarray(headerBytes, totalBytes),
    whole: bytes.subarray(0, totalBytes),
  }
}

function parseIpv6(bytes: Buffer): Datagram | undefined {
  if (bytes.length < 40) return undefined
  const end = 40 + bytes.readUInt16BE(4)
  if (end > bytes.length) return undefined
  return {
    source: bytes.subarray(8, 24),
    destination: bytes.subarray(24, 40),
    protocol: bytes.readUInt8(6),
    hopLimit: bytes.readUInt8(7),
    payload: bytes.subarray(40, end),
    whole: bytes.subarray(0, end),
  }
}

/** The packet's bytes; the length of its addresses says which version. */
export function buildDatagram({ source, destination, protocol, payload, hopLimit = 64 }: Outgoing): Buffer {
  if (source.length === 16) {
    const header = Buffer.alloc(40)
    header.writeUInt8(0x60, 0)
    header.writeUInt16BE(payload.length, 4)
    header.set([protocol, hopLimit], 6)
    source.copy(header, 8)
    destination.copy(header, 24)
    return Buffer.concat([header, payload])
  }
  const header = Buffer.alloc(20)
  header.writeUInt8(0x45, 0)
  header.writeUInt16BE(20 + payload.length, 2)
  // Do not fragment.
  header.writeUInt16BE(0x4000, 6)
  header.set([hopLimit, protocol], 8)
  source.copy(header, 12)
  destination.copy(header, 16)
  header.writeUInt16BE(internetChecksum(header), 10)
  return Buffer.concat([header, payload])
}

/** What the checksums of UDP and ICMPv6 cover besides the payload (RFC 768; RFC 8200, 8.1). Their sums are the same. */
export function pseudoHeader({ source, destination, protocol, payload }: Outgoing): Buffer {
  const rest = Buffer.alloc(4)
  rest.writeUInt16BE(payload.length, 0)
  rest.writeUInt16BE(protocol, 2)
  return Buffer.concat([source, destination, rest])
}
