// Dials a machine's SSH port and waits for the server's banner. Kept apart from the handshake, because on QEMU's user
// network a TCP connection says nothing: the host side accepts whether or not the guest listens.

import { connect, type Socket } from 'node:net'
import type { SshEndpoint } from '../machine.ts'
import { codeOf, messageOf } from '../errors.ts'

/** How a dial ended. `closed` came at once from a guest that is up but does not listen; `silent` may mean anything. */
export type Dialled =
  | { readonly kind: 'banner'; readonly socket: Socket }
  | { readonly kind: 'closed'; readonly why: string }
  | { readonly kind: 'silent' }

/** Waits at most `bannerTimeoutMs` for the first bytes, which stay unread in the socket. Aborts throw the reason. */
export async function dial(
  endpoint: SshEndpoint,
  bannerTimeoutMs: number,
  signal: AbortSignal,
): Promise<Dialled> {
  signal.throwIfAborted()
  const socket = connect({ host: endpoint.host, port: endpoint.port, noDelay: true })
  const { promise, resolve, reject } = Promise.withResolvers<Dialled>()
  const timer = setTimeout(() => resolve({ kind: 'silent' }), bannerTimeoutMs)
  const onAbort = (): void => reject(signal.reason)
  const onReadable = (): void => {
    const first = socket.read() as Buffer | null
    if (first === null) return
    socket.removeListener('readable', onReadable)
    socket.unshift(first)
    resolve({ kind: 'banner', socket })
  }
  let why = 'closed before the SSH banner'
  const onError = (error: Error): void => {
    why = codeOf(error) ?? messageOf(error)
  }
  const onClose = (): void => resolve({ kind: 'closed', why })
  const onEnd = (): void => {
    socket.destroy()
  }
  signal.addEventListener('abort', onAbort, { once: true })
  socket.on('readable', onReadable).on('error', onError).on('end', onEnd).on('close', onClose)
  let live: Socket | undefined
  try {
    const dialled = await promise
    if (dialled.kind === 'banner') live = socket
    return dialled
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
    socket
      .removeListener('readable', onReadable)
      .removeListener('end', onEnd)
      .removeListener('close', onClose)
    // The error listener stays: an error without a listener would end the process. ssh2 adds its own.
    if (live === undefined) socket.destroy()
  }
}
