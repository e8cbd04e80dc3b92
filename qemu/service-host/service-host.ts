// A host on a cluster's private network that is no machine: it answers ARP, neighbour discovery and pings, names by DNS and
// the time by NTP, all out of this process and without a socket of the host. It only ever answers, and remembers nothing
// but who asked for the time; so whatever a guest sends costs one look, and at most one answer to that guest.

import { Duplex } from 'node:stream'
import { addressBytes, macBytes } from './addresses.ts'
import { parseDatagram, PROTOCOL, type Datagram } from './datagram.ts'
import { echoReply, isIcmp, portUnreachable } from './icmp.ts'
import { answerDns, type Zone } from './names.ts'
import { advertisement, arpReply, type Neighbour } from './neighbours.ts'
import { buildUdp, parseUdp } from './udp.ts'

export interface ServiceHostOptions {
  readonly mac: string
  readonly ipv4: string
  readonly ipv6: string
  readonly zone: Zone
  /** Answers an NTP request from that address (4 or 16 bytes). */
  readonly answerTime: (request: Buffer, source: Buffer) => Buffer | undefined
}

const TYPE = { arp: 0x0806, ipv4: 0x0800, ipv6: 0x86dd } as const
const PORT = { dns: 53, ntp: 123 } as const
const HEADER_BYTES = 14
const MIN_FRAME_BYTES = 60
const ALL_NODES_MAC = macBytes('33:33:00:00:00:01')

/** The host's cable: its other end is for `EthernetSwitch.connect`. */
export function serviceHost(options: ServiceHostOptions): Duplex {
  const answer = frameAnswerer(options)
  const cable = new Duplex({
    read: () => undefined,
    // The switch writes whole frames, each after its length.
    write: (bytes: Buffer, _encoding, done) => {
      const answers: Buffer[] = []
      for (let at = 0; at + 4 <= bytes.length;) {
        const end = at + 4 + bytes.readUInt32BE(at)
        const frame = answer(bytes.subarray(at + 4, end))
        if (frame !== undefined) answers.push(withLength(frame))
        at = end
      }
      if (answers.length > 0) cable.push(Buffer.concat(answers))
      done()
    },
  })
  return cable
}

/** Answers one Ethernet frame with one or none. Never throws. */
export function frameAnswerer(options: ServiceHostOptions): (frame: Buffer) => Buffer | undefined {
  const { zone, answerTime } = options
  const self: Neighbour = {
    mac: macBytes(options.mac),
    ipv4: addressBytes(options.ipv4),
    ipv6: addressBytes(options.ipv6),
  }
  const answerUdp = (datagram: Datagram): Buffer | undefined => {
    const message = parseUdp(datagram)
    if (message === undefined) return undefined
    const { source, destination } = datagram
    const { sourcePort, destinationPort, data } = message
    const reply = (bytes: Buffer | undefined): Buffer | undefined =>
      bytes &&
      buildUdp(destination, source, { sourcePort: destinationPort, destinationPort: sourcePort, data: bytes })
    // Port 0 cannot be answered.
    if (sourcePort === 0) return undefined
    if (destinationPort === PORT.dns) return reply(answerDns(data, zone))
    if (destinationPort === PORT.ntp) return reply(answerTime(data, source))
    return portUnreachable(datagram)
  }
  const answerPacket = (bytes: Buffer): { readonly packet: Buffer; readonly toAll: boolean } | undefined => {
    const datagram = parseDatagram(bytes)
    if (datagram === undefined) return undefined
    const { protocol, source, destination } = datagram
    const isIcmp6 = protocol === PROTOCOL.icmp6
    if (isIcmp6 && isIcmp(datagram)) {
      const found = advertisement(datagram, self)
      if (found !== undefined) return found
    }
    // Everything else must be for us, and from one machine.
    if (!destination.equals(self.ipv4) && !destination.equals(self.ipv6)) return undefined
    if (!isOneMachine(source)) return undefined
    const packet =
      protocol === PROTOCOL.udp
        ? answerUdp(datagram)
        : protocol === PROTOCOL.tcp
          ? portUnreachable(datagram)
          : (isIcmp6 || protocol === PROTOCOL.icmp) && isIcmp(datagram)
            ? echoReply(datagram)
            : undefined
    return packet && { packet, toAll: false }
  }
  return (frame) => {
    if (frame.length < HEADER_BYTES) return undefined
    const sender = frame.subarray(6, 12)
    // Nobody can be answered at a group's address, or at ours.
    if ((frame.readUInt8(6) & 1) === 1 || sender.equals(self.mac)) return undefined
    const isForUs = frame.subarray(0, 6).equals(self.mac)
    if (!isForUs && (frame.readUInt8(0) & 1) === 0) return undefined
    const type = frame.readUInt16BE(12)
    const content = frame.subarray(HEADER_BYTES)
    switch (type) {
      case TYPE.arp: {
        const packet = arpReply(content, self)
        return packet && frameTo(sender, self.mac, type, packet)
      }
      case TYPE.ipv4:
      case TYPE.ipv6: {
        const found = answerPacket(content)
        return found && frameTo(found.toAll ? ALL_NODES_MAC : sender, self.mac, type, found.packet)
      }
      default:
        return undefined
    }
  }
}

/** Not a group, not everybody, not nobody. */
function isOneMachine(address: Buffer): boolean {
  const [first = 0] = address
  const isGroup = address.length === 4 ? first >= 224 || first === 0 || first === 127 : first === 0xff
  return !isGroup && address.some((byte) => byte !== 0)
}

function frameTo(destination: Buffer, source: Buffer, type: number, content: Buffer): Buffer {
  const frame = Buffer.alloc(Math.max(MIN_FRAME_BYTES, HEADER_BYTES + content.length))
  destination.copy(frame, 0)
  source.copy(frame, 6)
  frame.writeUInt16BE(type, 12)
  content.copy(frame, HEADER_BYTES)
  return frame
}

function withLength(frame: Buffer): Buffer {
  const prefix = Buffer.alloc(4)
  prefix.writeUInt32BE(frame.length)
  return Buffer.concat([prefix, frame])
}
