// The SSH side of a fake machine: a real SSH server (ssh2's) on a free port of 127.0.0.1, whose commands are the fake
// shell's. So the harness's own SSH code runs for real.

import { generateKeyPairSync } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import ssh2, { type Connection, type ServerChannel } from 'ssh2'
import type { SshEndpoint } from '../../harness/machine.ts'
import { runFakeCommand, type FakeGuest } from './fake-shell.ts'

export interface FakeSshServer extends AsyncDisposable {
  readonly endpoint: SshEndpoint
  /** Drops every connection, as a reboot does. */
  drop(): void
}

let hostKey: string | undefined
const ourHostKey = (): string =>
  (hostKey ??= generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs1', format: 'pem' })
    .toString())

/** Starts it. `isUp` false refuses connections before the banner, as a booting machine does. */
export async function startFakeSsh(guest: FakeGuest, isUp: () => boolean): Promise<FakeSshServer> {
  const connections = new Set<Connection>()
  const server = new ssh2.Server({ hostKeys: [ourHostKey()] }, (connection) => {
    if (!isUp()) {
      connection.on('error', () => undefined)
      connection.end()
      return
    }
    connections.add(connection)
    connection.on('error', () => undefined)
    connection.on('close', () => connections.delete(connection))
    connection.on('authentication', (request) => {
      if (request.method === 'publickey') request.accept()
      else request.reject(['publickey'])
    })
    connection.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, { command }) => {
        const channel = acceptExec()
        void serve(guest, command, channel)
      })
    })
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.on('error', reject)
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const { port } = server.address() as AddressInfo
  const drop = (): void => {
    for (const connection of connections) connection.end()
    connections.clear()
  }
  return {
    endpoint: { host: '127.0.0.1', port },
    drop,
    async [Symbol.asyncDispose]() {
      drop()
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      await closed.promise
    },
  }
}

async function serve(guest: FakeGuest, command: string, channel: ServerChannel): Promise<void> {
  const closed = Promise.withResolvers<void>()
  channel.on('close', () => closed.resolve())
  channel.on('error', () => closed.resolve())
  const input: Buffer[] = []
  const ended = Promise.withResolvers<string>()
  channel.on('data', (chunk: Buffer) => input.push(chunk))
  channel.on('end', () => ended.resolve(Buffer.concat(input).toString('utf8')))
  try {
    const status = await runFakeCommand(guest, command, {
      stdin: async () => await ended.promise,
      out: (text) => void channel.write(text),
      err: (text) => void channel.stderr.write(text),
      closed: closed.promise,
    })
    channel.exit(status)
    channel.end()
  } catch {
    // The connection went away under the command.
  }
}
