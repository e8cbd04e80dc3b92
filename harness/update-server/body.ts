// A request's body, read up to a limit and no further.

import type { IncomingMessage } from 'node:http'

export type ReadBody =
  | { readonly kind: 'body'; readonly bytes: Uint8Array }
  | { readonly kind: 'too-large' }
  /** The client went away before its body was there. */
  | { readonly kind: 'gone' }

/** The size that is declared decides at once; what is not declared is read until it is too much. */
export async function readBody(request: IncomingMessage, limit: number): Promise<ReadBody> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return { kind: 'too-large' }
  const { promise, resolve } = Promise.withResolvers<ReadBody>()
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > limit) resolve({ kind: 'too-large' })
    else chunks.push(chunk)
  })
  request.once('end', () => resolve({ kind: 'body', bytes: Buffer.concat(chunks) }))
  request.once('error', () => resolve({ kind: 'gone' }))
  request.once('close', () => resolve({ kind: 'gone' }))
  const read = await promise
  request.removeAllListeners('data')
  if (read.kind !== 'body') request.pause()
  return read
}
