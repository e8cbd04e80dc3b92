// SSH to hosts behind jump hosts, and a login that only looks whether a host is fit for use. A tunnel is a port of 127.0.0.1, so
// that everything above dials one address, whatever lies between.

import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import ssh2, { type AnyAuthMethod, type Client } from 'ssh2'
import { abortable } from '../../harness/deadline.ts'
import { InfraError, messageOf } from '../../harness/errors.ts'
import { oneLine } from '../../harness/hostile-text.ts'
import type { MachineLogin, SshEndpoint } from '../../harness/machine.ts'
import { nameOf, type ExternalConfig, type HostAddress } from './settings.ts'

const HANDSHAKE_MS = 20_000

export interface Tunnel extends AsyncDisposable {
  readonly endpoint: SshEndpoint
}

/** Opens a port of 127.0.0.1 that leads to `target` through the jump hosts; without any, it is the target itself. */
export async function openTunnel(
  { jumps, login }: Pick<ExternalConfig, 'jumps' | 'login'>,
  target: HostAddress,
): Promise<Tunnel> {
  if (jumps.length === 0)
    return { endpoint: target, [Symbol.asyncDispose]: async () => await Promise.resolve() }
  const clients = new Set<Client>()
  const sockets = new Set<Socket>()
  const closing = new AbortController()
  let way: Promise<Client> | undefined
  // One way for all connections; it is made anew when it is lost.
  const lastJump = async (): Promise<Client> => {
    way ??= walk(jumps, login, clients, closing.signal)
    way.catch(() => (way = undefined))
    const client = await way
    client.once('close', () => (way = undefined))
    return client
  }
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    lastJump()
      .then(async (client) => await forward(client, target))
      .then((stream) => {
        stream.on('error', () => socket.destroy()).on('close', () => socket.destroy())
        socket.on('close', () => stream.destroy())
        socket.pipe(stream).pipe(socket)
      })
      .catch(() => socket.destroy())
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(0, '127.0.0.1', resolve)
  await promise
  return {
    endpoint: { host: '127.0.0.1', port: (server.address() as AddressInfo).port },
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('the tunnel was closed'))
      for (const socket of sockets) socket.destroy()
      for (const client of clients) client.destroy()
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      await closed.promise
    },
  }
}

/** Logs in and out again. Throws InfraError `host-unhealthy` with the reason, which holds no secret. */
export async function checkLogin(
  endpoint: SshEndpoint,
  login: MachineLogin & { readonly user: string },
  signal: AbortSignal,
): Promise<void> {
  const clients = new Set<Client>()
  try {
    const client = await logIn(connect({ ...endpoint, noDelay: true }), login, clients, signal)
    await abortable(answers(client), signal)
  } catch (cause) {
    signal.throwIfAborted()
    throw new InfraError(`${nameOf(endpoint)} does not let ${login.user} in: ${oneLine(messageOf(cause))}`, {
      code: 'host-unhealthy',
      hint: 'try it by hand; user, key and password are settings of the platform external',
      cause,
    })
  } finally {
    for (const each of clients) each.destroy()
  }
}

async function walk(
  jumps: ExternalConfig['jumps'],
  login: MachineLogin,
  clients: Set<Client>,
  signal: AbortSignal,
): Promise<Client> {
  let client: Client | undefined
  for (const jump of jumps) {
    const { user = login.user ?? 'root' } = jump
    const stream: Duplex =
      client === undefined
        ? connect({ host: jump.host, port: jump.port, noDelay: true })
        : await forward(client, jump)
    client = await logIn(stream, { ...login, user }, clients, signal)
  }
  if (client === undefined) throw new Error('there is no jump host')
  return client
}

async function logIn(
  stream: Duplex,
  { user, key, password }: MachineLogin & { readonly user: string },
  clients: Set<Client>,
  signal: AbortSignal,
): Promise<Client> {
  const client = new ssh2.Client()
  clients.add(client)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  stream.on('error', reject)
  client
    .once('ready', () => resolve())
    .on('error', reject)
    .on('close', () => {
      clients.delete(client)
      reject(new Error('the connection was closed'))
    })
  const methods: AnyAuthMethod[] = [
    ...(password === undefined
      ? []
      : [
          { type: 'password', username: user, password } as const,
          {
            type: 'keyboard-interactive',
            username: user,
            prompt: (_name, _text, _language, prompts, finish) => finish(prompts.map(() => password)),
          } as const satisfies AnyAuthMethod,
        ]),
    ...(key === undefined ? [] : [{ type: 'publickey', username: user, key: key.privateKey } as const]),
  ]
  client.connect({
    sock: stream,
    username: user,
    authHandler: methods,
    readyTimeout: HANDSHAKE_MS,
    keepaliveInterval: 15_000,
  })
  try {
    await abortable(promise, signal)
    return client
  } catch (error) {
    client.destroy()
    stream.destroy()
    throw error
  }
}

async function answers(client: Client): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  client.on('close', () => reject(new Error('the connection was closed')))
  client.exec('true', (error, channel) => {
    if (error !== undefined) return reject(error)
    channel.on('exit', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`"true" ended with ${String(code)}`))
    })
    channel.resume()
  })
  await promise
}

async function forward(client: Client, { host, port }: HostAddress): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>()
  client.forwardOut('127.0.0.1', 0, host, port, (error, stream) => {
    if (error === undefined) resolve(stream)
    else reject(error)
  })
  return await promise
}
