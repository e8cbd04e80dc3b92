// A server of the harness listens: for machines under test on the host's loopback only, for people where they say. It ends
// with all its connections.

import type { Server } from 'node:http'
import { codeOf, InfraError, UsageError } from './errors.ts'

/** A server that listens; disposing closes it, whoever is still connected. */
export interface ListeningServer extends AsyncDisposable {
  readonly port: number
}

/** Has a server listen on a free port of 127.0.0.1. `what` names it in the InfraError for when there is none. */
export async function listenOnLoopback(server: Server, what: string): Promise<ListeningServer> {
  // Under a slow guest, or on a busy host, an idle connection would be closed while its next request is on its way.
  server.keepAliveTimeout = 0
  try {
    return await listen(server, '127.0.0.1', 0)
  } catch (error) {
    throw new InfraError(`${what} could not listen on 127.0.0.1`, {
      code: 'http-listen',
      cause: error,
      hint: 'free some ports: every port of 127.0.0.1 is taken, or sockets are not allowed here',
    })
  }
}

/** Has a server listen where a user says; port 0 is a free one. Throws UsageError when it cannot. */
export async function listenAt(server: Server, host: string, port: number): Promise<ListeningServer> {
  try {
    return await listen(server, host, port)
  } catch (error) {
    const code = codeOf(error) ?? 'unknown error'
    throw new UsageError(`cannot listen on ${host}, port ${port}: ${code}`, {
      code: 'cannot-listen',
      cause: error,
      hint:
        code === 'EADDRINUSE'
          ? 'choose another with --port; 0 is a free one'
          : 'choose another --host or --port',
    })
  }
}

async function listen(server: Server, host: string, port: number): Promise<ListeningServer> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host, port }, resolve)
  await promise
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
