// Real QEMU processes at the switch, without any guest system: frames out of one card into another, and a firmware's
// network boot that talks with us in both directions.

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { startChild } from './child.ts'
import { readLines } from './console-feed.ts'
import { openSwitch, type EthernetSwitch } from './ethernet-switch.ts'
import { LineBuffer } from './line-feed.ts'
import { PRIVATE_NETWORK_FD, type MachineConfig } from './machine-config.ts'
import { privateAddress } from './private-network.ts'
import { loadState, saveState } from './state.ts'
import { launchTest, testFolder, type TestMachine } from './test-machine.test.fixture.ts'

test('a frame that one QEMU sends arrives at another one, until the link is cut', async () => {
  await using folder = await testFolder('halt')
  using network = openSwitch()
  await using a = await launchAt(network, 'a', 0)
  await using b = await launchAt(network, 'b', 1)
  const capture = join(folder.path, 'b.pcap')
  expect(await monitor(b, `object_add filter-dump,id=dump,netdev=net1,file=${capture}`)).toBe('')
  // QEMU itself sends reverse ARP requests from each card, as it does after a restore.
  await monitor(a, 'announce_self')
  const sender = Buffer.from(privateAddress('test', 0).mac.replaceAll(':', ''), 'hex')
  await expect.poll(async () => (await readFile(capture)).includes(sender), { timeout: 5000 }).toBe(true)
  expect(network.ports.get('b')?.counters).toMatchObject({ overflowed: 0, blocked: 0 })
  network.cut('b')
  await monitor(a, 'announce_self')
  await expect.poll(() => network.ports.get('b')?.counters.blocked).toBeGreaterThan(0)
  const gone = network.ports.get('a')?.ended
  a.machine.kill()
  expect(await gone).toEqual({ kind: 'vanished' })
})

test('machines that were saved meet again at another switch', async () => {
  await using folder = await testFolder('halt')
  const state = join(folder.path, 'state')
  {
    using network = openSwitch()
    await using before = await launchAt(network, 'a', 0)
    await saveState(before.machine.qmp, state, { memory: 'state-file' })
  }
  using network = openSwitch()
  await using a = await launchAt(network, 'a', 0, { start: 'incoming' })
  await using _b = await launchAt(network, 'b', 1)
  await loadState(a.machine.qmp, state, { memory: 'state-file' })
  await a.machine.qmp.execute('cont', {})
  // Loading a state turns the announcement off.
  await monitor(a, 'migrate_set_parameter announce-rounds 1')
  await monitor(a, 'announce_self')
  await expect.poll(() => network.ports.get('b')?.counters.receivedFrames).toBeGreaterThan(0)
})

test('a descriptor that the process does not inherit is refused', async () => {
  const privateNetwork = { fd: 9, mac: privateAddress('test', 0).mac }
  await expect(launchTest('halt', { privateNetwork })).rejects.toThrow(
    `must be descriptor ${PRIVATE_NETWORK_FD}, not 9`,
  )
})

const hasBootRom = ['/usr/lib/ipxe/qemu', '/usr/share/qemu'].some((folder) =>
  existsSync(join(folder, 'efi-virtio.rom')),
)

test.skipIf(!hasBootRom)('a firmware asks for an address, gets an offer and accepts it', async () => {
  using network = openSwitch()
  const { mac } = privateAddress('test', 0)
  const card = `virtio-net-pci,netdev=net1,mac=${mac},bootindex=1`
  const machine = '-no-user-config -nodefaults -display none -machine q35,graphics=off -accel tcg -m 64'
  const child = await startChild(
    'qemu-system-x86_64',
    [...machine.split(' '), '-netdev', 'stream,id=net1,addr.type=fd,addr.str=3', '-device', card],
    { sockets: 1 },
  )
  try {
    const [socket] = child.sockets
    if (socket === undefined) throw new Error('no socket')
    const port = network.connect(socket, 'booting')
    const accepted = Promise.withResolvers<Buffer>()
    const server = new Duplex({
      read: () => undefined,
      write: (frames: Buffer, _encoding, done) => {
        for (const frame of dhcpMessages(frames)) {
          if (dhcpType(frame) === 1) server.push(dhcpOffer(frame))
          if (dhcpType(frame) === 3) accepted.resolve(Buffer.from(frame))
        }
        done()
      },
    })
    network.connect(server, 'server')
    void child.ended.then(({ messages }) => accepted.reject(new Error(messages)))
    const request = await accepted.promise
    expect(request.subarray(6, 12).toString('hex')).toBe(mac.replaceAll(':', ''))
    // Option 50: the address it asks for is the one that it was offered.
    expect(request.includes(Buffer.from([50, 4, 10, 77, 0, 10]))).toBe(true)
    expect(port.counters).toMatchObject({ runts: 0, overflowed: 0, blocked: 0 })
  } finally {
    child.kill()
    await child.ended
  }
})

const DHCP_AT = 14 + 20 + 8
const COOKIE = Buffer.from([0x63, 0x82, 0x53, 0x63])

function dhcpMessages(bytes: Buffer): readonly Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) {
    const frame = bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at))
    if (frame.length > DHCP_AT + 240 && frame.subarray(DHCP_AT + 236, DHCP_AT + 240).equals(COOKIE)) {
      found.push(frame)
    }
  }
  return found
}

/** Option 53, which comes first: 1 is DISCOVER, 3 is REQUEST. */
function dhcpType(frame: Buffer): number {
  return frame.readUInt8(DHCP_AT + 240 + 2)
}

/** RFC 2131, DHCPOFFER of 10.77.0.10, as a frame to everybody with its length in front. */
function dhcpOffer(discover: Buffer): Buffer {
  const server = [10, 77, 0, 1]
  const options = [53, 1, 2, 54, 4, ...server, 51, 4, 0, 0, 255, 255, 1, 4, 255, 255, 255, 0, 255]
  const size = DHCP_AT + 240 + options.length
  const offer = Buffer.alloc(4 + size)
  offer.writeUInt32BE(size)
  const frame = offer.subarray(4)
  frame.fill(0xff, 0, 6)
  frame.set([2, 0, 0, 0, 0, 1, 8, 0], 6)
  const ip = frame.subarray(14, 34)
  ip.set([0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, ...server, 255, 255, 255, 255])
  ip.writeUInt16BE(size - 14, 2)
  let sum = 0
  for (let at = 0; at < ip.length; at += 2) sum += ip.readUInt16BE(at)
  ip.writeUInt16BE(0xffff - ((sum & 0xffff) + (sum >> 16)), 10)
  const udp = frame.subarray(34, DHCP_AT)
  udp.set([0, 67, 0, 68])
  udp.writeUInt16BE(size - 34, 4)
  discover.copy(frame, DHCP_AT, DHCP_AT, DHCP_AT + 240)
  frame.set([2], DHCP_AT)
  frame.set([10, 77, 0, 10, ...server], DHCP_AT + 16)
  frame.set(options, DHCP_AT + 240)
  return offer
}

async function launchAt(
  network: EthernetSwitch,
  name: string,
  index: number,
  change: Partial<MachineConfig> = {},
): Promise<TestMachine> {
  const privateNetwork = { fd: PRIVATE_NETWORK_FD, mac: privateAddress('test', index).mac }
  return await launchTest(
    'halt',
    { privateNetwork, ...change },
    {
      attach: (streams) => {
        void readLines(streams.console, new LineBuffer())
        void readLines(streams.journal, new LineBuffer())
        streams.agent.resume()
        streams.calls.resume()
        if (streams.privateNetwork !== undefined) network.connect(streams.privateNetwork, name)
      },
    },
  )
}

async function monitor({ machine }: TestMachine, line: string): Promise<string> {
  return await machine.qmp.execute('human-monitor-command', { 'command-line': line })
}
