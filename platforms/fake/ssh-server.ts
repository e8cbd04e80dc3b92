// The SSH side of a fake machine: a real SSH server (ssh2's) on a free port of 127.0.0.1, whose commands are the fake
// shell's. So the harness's own SSH code runs for real.

import { generateKeyPairSync } from 'node:crypto'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import ssh2, { type Connection, type ServerChannel } from 'ssh2'
import type { SshEndpoint } from '../../harness/machine.ts'
import { runFakeCommand, type FakeGuest } from './fake-shell.ts'

export interface FakeSshServer extends AsyncDisposable {
  readonly endpoint: SshEndpoint
  /** Drops every connection, as a reboot does. */
  drop(): void
  /** Shows this host key from now on. */
  setHostKey(privateKey: string): void
}

let hostKey: string | undefined
const ourHostKey = (): string =>
  (hostKey ??= generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs1', format: 'pem' })
    .toString())

/** Starts it. `isUp` false refuses connections before the banner, as a booting machine does. */
export async function startFakeSsh(guest: FakeGuest, isUp: () => boolean): Promise<FakeSshServer> {
  const connections = new Set<Connection>()
  const onConnection = (connection: Connection): void => {
    connections.add(connection)
    connection.on('error', () => undefined)
    connection.on('close', () => connections.delete(connection))
    connection.on('authentication', (request) => {
      if (request.method === 'publickey') request.accept()
      else request.reject(['publickey'])
    })
    connection.on('session', (accept) => {
      accept()
        .on('exec', (acceptExec, _reject, { command }) => {
          const channel = acceptExec()
          void serve(guest, command, channel)
        })
        .on('pty', (acceptPty) => acceptPty())
        .on('shell', (acceptShell) => serveShell(guest, acceptShell()))
    })
  }
  const withHostKey = (key: string): InstanceType<typeof ssh2.Server> =>
    new ssh2.Server({ hostKeys: [key] }, onConnection)
  let current = withHostKey(ourHostKey())
  // A listener of its own, because a server of ssh2 has its keys for life.
  const sockets = new Set<Socket>()
  const listener = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    if (isUp()) current.injectSocket(socket)
    else socket.destroy()
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  listener.on('error', reject)
  listener.listen(0, '127.0.0.1', resolve)
  await promise
  const { port } = listener.address() as AddressInfo
  const drop = (): void => {
    for (const connection of connections) connection.end()
    connections.clear()
  }
  return {
    endpoint: { host: '127.0.0.1', port },
    drop,
    setHostKey(privateKey) {
      current = withHostKey(privateKey)
    },
    async [Symbol.asyncDispose]() {
      // Whoever is still there finds the machine gone.
      for (const socket of sockets) socket.destroy()
      const closed = Promise.withResolvers<void>()
      listener.close(() => closed.resolve())
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
  const listeners: ((chunk: Buffer) => void)[] = []
  channel.on('data', (chunk: Buffer) => {
    input.push(chunk)
    for (const listener of listeners) listener(chunk)
  })
  channel.on('end', () => ended.resolve(Buffer.concat(input).toString('utf8')))
  try {
    const status = await runFakeCommand(guest, command, {
      stdin: async () => await ended.promise,
      onInput: (onChunk) => {
        listeners.push(onChunk)
        onChunk(Buffer.concat(input))
      },
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

// What a person gets: a prompt, an echo, lines that are run, `exit` or Ctrl-D to leave.
function serveShell(guest: FakeGuest, channel: ServerChannel): void {
  const out = (text: string | Buffer): void => void channel.write(text.toString().replaceAll('\n', '\r\n'))
  const closed = Promise.withResolvers<void>()
  channel.on('close', () => closed.resolve())
  channel.on('error', () => closed.resolve())
  const leave = (): void => {
    channel.exit(0)
    channel.end()
  }
  let typed = ''
  let running = Promise.resolve()
  const run = async (line: string): Promise<void> => {
    if (line.trim() === 'exit') return leave()
    if (line.trim() !== '')
      await runFakeCommand(guest, line, {
        stdin: async () => '',
        onInput: () => undefined,
        out,
        err: out,
        closed: closed.promise,
      })
    out('fake$ ')
  }
  channel.on('data', (chunk: Buffer) => {
    for (const char of chunk.toString('utf8')) {
      if (char === '\u0004') return leave()
      if (char === '\u0003') {
        typed = ''
        out('^C\nfake$ ')
      } else if (char === '\r' || char === '\n') {
        const line = typed
        typed = ''
        out('\n')
        running = running.then(async () => await run(line)).catch(() => undefined)
      } else {
        typed += char
        out(char)
      }
    }
  })
  out('fake$ ')
}
