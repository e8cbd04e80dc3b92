// One SSH connection to a machine, with many channels. It learns or checks the host key, keeps the guest's share of
// the handshake small (guests are often emulated), and never opens more sessions at once than sshd allows.

import type { Algorithms, AnyAuthMethod, Client, ClientChannel, PublicKeyAuthMethod } from 'ssh2'
import type { Socket } from 'node:net'
import { abortable, sleep } from '../deadline.ts'
import { codeOf, MachineError, messageOf } from '../errors.ts'
import type { SshEndpoint } from '../machine.ts'
import { oneLine } from '../hostile-text.ts'
import { closeChannel } from './close-channel.ts'
import { dial } from './dial.ts'
import { hostKeyFingerprint, hostKeyLine } from './host-key.ts'
import { ssh2Library } from './library.ts'
import { Slots } from './slots.ts'

/** sshd's `MaxSessions` is 10 by default; one is left for a person's shell over the same master, one for luck. */
const MAX_SESSIONS = 8
/** With their pauses a second in all. */
const MAX_REFUSALS = 10

// What a guest must compute once a connection: X25519 and one ed25519 signature are the cheapest that every sshd has.
// AES-GCM needs no separate MAC; without AES instructions ChaCha20 would do as well, the difference does not show.
const ALGORITHMS: Algorithms = {
  kex: [
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'diffie-hellman-group14-sha256',
  ],
  serverHostKey: ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'rsa-sha2-512', 'rsa-sha2-256'],
  cipher: ['aes128-gcm@openssh.com', 'chacha20-poly1305@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr'],
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-256'],
  compress: ['none'],
}

export type EndpointSource = SshEndpoint | ((signal: AbortSignal) => Promise<SshEndpoint>)

export interface ConnectOptions {
  readonly endpoint: EndpointSource
  readonly user: string
  /** OpenSSH PEM. */
  readonly privateKey: string
  /** Tried first where it is given. Never log it. */
  readonly password?: string | undefined
  /** The pinned host key as `SshConnection.hostKey` gave it. Undefined: any key is accepted and learned. */
  readonly hostKey?: string | undefined
  readonly signal: AbortSignal
  /** From the first banner byte to the end of authentication; default 30 s. */
  readonly handshakeTimeoutMs?: number | undefined
  /** Until the first banner byte; default 10 s. */
  readonly bannerTimeoutMs?: number | undefined
}

/** An authenticated connection. Disposing closes it; commands that still run end with `ssh-connection-lost`. */
export class SshConnection implements AsyncDisposable {
  readonly hostKey: string
  readonly user: string
  /** Settles when the connection is gone, with the reason. Never rejects. */
  readonly closed: Promise<string>
  readonly #client: Client
  readonly #socket: Socket
  readonly #sessions = new Slots(MAX_SESSIONS)
  #lost: string | undefined

  constructor(client: Client, socket: Socket, user: string, hostKey: string) {
    this.#client = client
    this.#socket = socket
    this.user = user
    this.hostKey = hostKey
    let lastError = 'the machine closed it'
    const { promise, resolve } = Promise.withResolvers<string>()
    this.closed = promise
    client.on('error', (error: Error) => {
      lastError = oneLine(messageOf(error))
    })
    client.on('close', () => {
      this.#lost ??= lastError
      resolve(this.#lost)
    })
  }

  get isOpen(): boolean {
    return this.#lost === undefined && this.#socket.readable && this.#socket.writable
  }

  /** Runs `work` on a new session channel for `command`, as soon as one of the sessions is free. */
  async withSession<T>(
    command: string,
    signal: AbortSignal,
    work: (channel: ClientChannel) => Promise<T>,
  ): Promise<T> {
    using slot = await this.#sessions.take(signal)
    void slot
    const opened = await this.#openPatiently(command, signal, work)
    return await opened.done
  }

  // sshd counts a session for a moment after its channel was closed: it may have none left, though we have.
  async #openPatiently<T>(
    command: string,
    signal: AbortSignal,
    work: (channel: ClientChannel) => Promise<T>,
  ): Promise<{ readonly done: Promise<T> }> {
    for (let refusals = 0; ; refusals += 1) {
      try {
        return await this.#open(command, signal, work)
      } catch (error) {
        if (refusals === MAX_REFUSALS || codeOf(error) !== 'ssh-session-refused') throw error
        await sleep(20 * (refusals + 1), signal)
      }
    }
  }

  async #open<T>(
    command: string,
    signal: AbortSignal,
    work: (channel: ClientChannel) => Promise<T>,
  ): Promise<{ readonly done: Promise<T> }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ readonly done: Promise<T> }>()
    const onOpen = (error: Error | undefined, channel: ClientChannel): void => {
      if (error === undefined) {
        if (signal.aborted) {
          closeChannel(channel)
          return
        }
        // Not a tick later: a fast command's exit status and close may have come in the same packet as the yes.
        resolve({ done: watched(work(channel)) })
      } else reject(this.isOpen ? sessionRefused(error) : new ConnectionEnded())
    }
    try {
      if (!this.isOpen) throw new ConnectionEnded()
      this.#client.exec(command, onOpen)
      return await abortable(promise, signal)
    } catch (error) {
      // ssh2 throws a bare error when the socket is no longer writable.
      if (signal.aborted || (this.isOpen && error instanceof MachineError)) throw error
      this.destroy('the machine closed it')
      throw connectionLost(await this.closed)
    }
  }

  /** Closes at once, without waiting for the peer. */
  destroy(reason = 'closed by the harness'): void {
    if (this.isOpen) this.#lost ??= reason
    this.#socket.destroy()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.destroy()
    await this.closed
  }
}

/** Its failure is seen to later, or by nobody when the caller was aborted meanwhile. */
function watched<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}

class ConnectionEnded extends Error {}

function sessionRefused(error: Error): MachineError {
  return new MachineError(`the machine refused to start a command: ${oneLine(error.message)}`, {
    code: 'ssh-session-refused',
    cause: error,
  })
}

/** What a command gets when its connection ends under it. */
export function connectionLost(why: string): MachineError {
  return new MachineError(`the SSH connection was lost: ${why}`, {
    code: 'ssh-connection-lost',
    hint: "see the machine's console: it may have crashed, rebooted or lost its network",
  })
}

/** Where to dial now. */
export async function resolveEndpoint(source: EndpointSource, signal: AbortSignal): Promise<SshEndpoint> {
  return typeof source === 'function' ? await source(signal) : source
}

/**
 * Connects and authenticates, once. Fails with MachineError `ssh-connect-failed`, `ssh-auth-failed` or
 * `ssh-host-key-changed`; aborts throw the signal's reason.
 */
export async function connectSsh(options: ConnectOptions): Promise<SshConnection> {
  const endpoint = await resolveEndpoint(options.endpoint, options.signal)
  const bannerTimeoutMs = options.bannerTimeoutMs ?? 10_000
  const dialled = await dial(endpoint, bannerTimeoutMs, options.signal)
  switch (dialled.kind) {
    case 'banner':
      return await handshake(dialled.socket, options)
    case 'closed':
      throw connectFailed(endpoint, dialled.why)
    case 'silent':
      throw connectFailed(endpoint, `no SSH banner within ${bannerTimeoutMs} ms`)
    default:
      return dialled satisfies never
  }
}

function connectFailed(endpoint: SshEndpoint, why: string): MachineError {
  return new MachineError(`no SSH connection to ${endpoint.host}:${endpoint.port}: ${why}`, {
    code: 'ssh-connect-failed',
  })
}

/** Takes over a socket on which the server has spoken; always consumes it. */
export async function handshake(socket: Socket, options: ConnectOptions): Promise<SshConnection> {
  const client = new (ssh2Library().Client)()
  let seen: string | undefined
  let changed: MachineError | undefined
  const { promise, resolve, reject } = Promise.withResolvers<SshConnection>()
  const verify = (key: Buffer): boolean => {
    seen = hostKeyLine(key)
    if (options.hostKey === undefined || seen === options.hostKey) return true
    changed = hostKeyChanged(options.hostKey, seen)
    return false
  }
  const onError = (error: Error): void => reject(changed ?? handshakeFailed(error, options.user))
  client.once('ready', () => resolve(new SshConnection(client, socket, options.user, seen ?? '')))
  client.on('error', onError)
  client.on('close', () => reject(changed ?? handshakeFailed(new Error('connection closed'), options.user)))
  const publicKey: PublicKeyAuthMethod = {
    type: 'publickey',
    username: options.user,
    key: options.privateKey,
  }
  try {
    client.connect({
      sock: socket,
      username: options.user,
      hostVerifier: verify,
      algorithms: ALGORITHMS,
      // Naming the methods spares the guest the refused `none` that comes first by default.
      authHandler:
        options.password === undefined
          ? [publicKey]
          : [...byPassword(options.user, options.password), publicKey],
      readyTimeout: options.handshakeTimeoutMs ?? 30_000,
      keepaliveInterval: 15_000,
      keepaliveCountMax: 8,
    })
    return await abortable(promise, options.signal)
  } catch (error) {
    socket.destroy()
    throw error
  }
}

// A server may have switched one of them off: then it asks for the password by the other.
function byPassword(username: string, password: string): readonly AnyAuthMethod[] {
  return [
    { type: 'password', username, password },
    {
      type: 'keyboard-interactive',
      username,
      prompt: (_name, _instructions, _language, prompts, finish) => finish(prompts.map(() => password)),
    },
  ]
}

function handshakeFailed(error: Error, user: string): MachineError {
  const level = 'level' in error ? error.level : undefined
  const why = oneLine(messageOf(error))
  if (level === 'client-authentication') {
    return new MachineError(`the machine does not accept the harness's SSH key for user ${user}`, {
      code: 'ssh-auth-failed',
      hint: 'the key is injected through Ignition: see whether Ignition ran, and whether the test left the key out',
      cause: error,
    })
  }
  return new MachineError(`the SSH handshake failed: ${why}`, { code: 'ssh-connect-failed', cause: error })
}

function hostKeyChanged(pinned: string, seen: string): MachineError {
  return new MachineError(
    `the machine's SSH host key changed: pinned ${hostKeyFingerprint(pinned)}, now ${hostKeyFingerprint(seen)}`,
    {
      code: 'ssh-host-key-changed',
      hint: 'either another machine answers at this address, or the image makes new host keys at a reboot',
    },
  )
}
