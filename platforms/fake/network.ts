// Private networks of fake machines: the real switch, and for each machine a card that answers every frame for it. So what
// a test does to its network can be seen with `fake ping`, with no guest system anywhere.

import { Duplex } from 'node:stream'
import type { PrivateNetwork, PrivateNetworks } from '../../harness/machine.ts'
import { privateAddress } from '../../qemu/index.ts'
import { openSwitchedNetwork, plugIntoSwitch } from '../switched-network.ts'

const CLUSTER = 'fake'

/** The file that gives a machine its addresses. */
export const NETWORK_FILE = '/fake/network'

export const fakeNetworks: PrivateNetworks = {
  open: (machines) => openSwitchedNetwork(CLUSTER, machines),
  place(index) {
    const { ipv4, ipv6 } = privateAddress(CLUSTER, index)
    return { ipv4, ipv6, file: { path: NETWORK_FILE, text: `${ipv4}\n`, mode: 0o644 } }
  },
}

/** A machine's card. */
export interface FakeCard extends Disposable {
  /** Whether machine `m<index>` answers a frame in time. */
  ping(index: number, timeoutMs: number): Promise<boolean>
}

// IEEE 802: for local experiments.
const TYPE = 0x88b5
const FRAME_BYTES = 15
const KIND = { request: 1, reply: 2 } as const

/** Plugs a machine in; `hasAddress`: whether it answers now. */
export function plugIn(network: PrivateNetwork, index: number, hasAddress: () => boolean): FakeCard {
  const own = macOf(index)
  const waiting = new Map<string, () => void>()
  const card = new Duplex({
    read: () => undefined,
    write: (bytes: Buffer, _encoding, done) => {
      if (!hasAddress()) return done()
      for (let at = 4; at <= bytes.length; at += 4 + bytes.readUInt32BE(at - 4)) {
        if (bytes.readUInt32BE(at - 4) !== FRAME_BYTES || bytes.readUInt16BE(at + 12) !== TYPE) continue
        const sender = Buffer.from(bytes.subarray(at + 6, at + 12))
        if (bytes.readUInt8(at + 14) === KIND.request) card.push(frame(sender, own, KIND.reply))
        else waiting.get(sender.toString('hex'))?.()
      }
      done()
    },
  })
  plugIntoSwitch(network, card, index)
  return {
    async ping(other, timeoutMs) {
      const { promise, resolve } = Promise.withResolvers<boolean>()
      const address = macOf(other)
      waiting.set(address.toString('hex'), () => resolve(true))
      card.push(frame(address, own, KIND.request))
      const timer = setTimeout(() => resolve(false), timeoutMs)
      try {
        return await promise
      } finally {
        clearTimeout(timer)
      }
    },
    [Symbol.dispose]: () => void card.destroy(),
  }
}

function macOf(index: number): Buffer {
  return Buffer.from(privateAddress(CLUSTER, index).mac.replaceAll(':', ''), 'hex')
}

/** With its length in front. */
function frame(destination: Buffer, source: Buffer, kind: number): Buffer {
  const head = Buffer.from([0, 0, 0, FRAME_BYTES])
  return Buffer.concat([head, destination, source, Buffer.from([TYPE >> 8, TYPE & 0xff, kind])])
}
