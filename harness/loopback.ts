// A server of the harness that machines under test reach: it listens on the host's loopback only, and ends with all its
// connections.

import type { Server } from 'node:http'
import { InfraError } from './errors.ts'

/** A server that listens; disposing closes it, whoever is still connected. */
export interface LoopbackServer extends AsyncDisposable {
  readonly port: number
}

/** Has a server listen on a free port of 127.0.0.1. `what` names it in the InfraError for when there is none. */
export async function listenOnLoopback(server: Server, what: string): Promise<LoopbackServer> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host: '127.0.0.1', port: 0 }, resolve)
  try {
    await promise
  } catch (error) {
    throw new InfraError(`${what} could not listen on 127.0.0.1`, {
      code: 'http-listen',
      cause: error,
      hint: 'free some ports: every port of 127.0.0.1 is taken, or sockets are not allowed here',
    })
  }
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}
