// Machines at a switch that send and receive frames by hand, over real sockets.

import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { expect } from 'vitest'
import { openSwitch, type EthernetSwitch, type SwitchPort } from './ethernet-switch.ts'

export const BROADCAST = 'ff:ff:ff:ff:ff:ff'
const sockets = new Set<Socket>()

/** Called after each test. */
export function closeSockets(): void {
  for (const socket of sockets) socket.destroy()
  sockets.clear()
}

export interface Machine {
  readonly name: string
  readonly mac: string
  readonly port: SwitchPort
  readonly socket: Socket
  send(bytes: Uint8Array): void
  /** The payloads so far, as text. */
  received(): readonly string[]
  /** Waits for so many frames, no more. */
  texts(count: number): Promise<readonly string[]>
  waitFor(done: (texts: readonly string[]) => boolean): Promise<void>
  until(done: () => boolean): Promise<void>
}

export async function threeMachines(): Promise<
  Record<'a' | 'b' | 'c', Machine> & { network: EthernetSwitch }
> {
  const network = openSwitch()
  return {
    network,
    a: await machine(network, 'a', 1),
    b: await machine(network, 'b', 2),
    c: await machine(network, 'c', 3),
  }
}

export async function machine(
  network: EthernetSwitch,
  name: string,
  number: number,
  options: { readonly everywhere?: boolean } = {},
): Promise<Machine> {
  const [socket, theirs] = await socketPair()
  const port = network.connect(theirs, name, options)
  const texts: string[] = []
  let rest = Buffer.alloc(0)
  let changed = Promise.withResolvers<void>()
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
      const end = 4 + rest.readUInt32BE()
      texts.push(rest.toString('latin1', 4 + 14, end))
      rest = rest.subarray(end)
    }
    changed.resolve()
    changed = Promise.withResolvers()
  })
  const waitFor = async (done: (texts: readonly string[]) => boolean): Promise<void> => {
    while (!done(texts)) await changed.promise
  }
  return {
    name,
    mac: `02:00:00:00:00:${hex(number)}`,
    port,
    socket,
    send: (bytes) => socket.write(bytes),
    received: () => texts,
    waitFor,
    texts: async (count) => {
      await waitFor(() => texts.length >= count)
      expect(texts.length).toBe(count)
      return [...texts]
    },
    until: async (done) => expect.poll(done, { timeout: 4500 }).toBe(true),
  }
}

async function socketPair(): Promise<readonly [Socket, Socket]> {
  // An abstract UNIX socket: nothing to remove.
  const address = `\0ethernet-switch-test-${randomUUID()}`
  const server = createServer().listen(address)
  await once(server, 'listening')
  const ours = connect(address)
  const [theirs] = (await once(server, 'connection')) as [Socket]
  server.close()
  sockets.add(ours).add(theirs)
  return [ours, theirs]
}

/** A frame with its length in front, as QEMU sends it. */
export function frame(destination: string, source: string, text: string): Buffer {
  const addresses = [destination, source].map((address) => Buffer.from(address.replaceAll(':', ''), 'hex'))
  const body = Buffer.concat([...addresses, Buffer.from([0x88, 0xb5]), Buffer.from(text, 'latin1')])
  const prefix = Buffer.alloc(4)
  prefix.writeUInt32BE(body.length)
  return Buffer.concat([prefix, body])
}

export function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}
