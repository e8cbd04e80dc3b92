// A TFTP server (RFC 1350) for the initrd of a machine: it sends files, in blocks of 512 bytes, and takes none.

import { once } from 'node:events'
import { createSocket } from 'node:dgram'

const READ = 1
const DATA = 3
const ACKNOWLEDGED = 4
const ERROR = 5
const BLOCK = 512

export interface TftpServer extends AsyncDisposable {
  readonly port: number
  /** The paths that were asked for. */
  readonly requests: readonly string[]
}

/** Listens on the host's loopback; `files` by path, without a slash at the beginning. */
export async function startTftp(files: ReadonlyMap<string, Buffer>): Promise<TftpServer> {
  const requests: string[] = []
  const sending = new Map<string, Buffer>()
  const socket = createSocket('udp4')
  socket.on('message', (message, { address, port }) => {
    if (message.length < 4) return
    const client = `${address}:${port}`
    const send = (code: number, number: number, rest: Uint8Array): void => {
      const head = Buffer.alloc(4)
      head.writeUInt16BE(code, 0)
      head.writeUInt16BE(number, 2)
      socket.send(Buffer.concat([head, rest]), port, address)
    }
    const sendBlock = (content: Buffer, block: number): void =>
      send(DATA, block, content.subarray((block - 1) * BLOCK, block * BLOCK))

    const code = message.readUInt16BE(0)
    if (code === READ) {
      const [name = ''] = message.toString('latin1', 2).split('\0')
      const path = name.replace(/^\//, '')
      requests.push(path)
      const content = files.get(path)
      if (content === undefined) return send(ERROR, 1, Buffer.from('no such file\0'))
      sending.set(client, content)
      return sendBlock(content, 1)
    }
    const content = sending.get(client)
    if (code !== ACKNOWLEDGED || content === undefined) return
    const arrived = message.readUInt16BE(2)
    // A block that is not full is the last one, and may be empty.
    if (arrived * BLOCK > content.length) sending.delete(client)
    else sendBlock(content, arrived + 1)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    port: socket.address().port,
    requests,
    async [Symbol.asyncDispose]() {
      const closed = once(socket, 'close')
      socket.close()
      await closed
    },
  }
}
