// A listening HTTP or HTTPS server on the loopback, closed with all its connections.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { InfraError } from '../errors.ts'
import type { ServerCertificate } from './certificates.ts'
import { BODY_LIMIT } from './handle-request.ts'

export interface Listener extends AsyncDisposable {
  readonly port: number
}

export type OnRequest = (request: IncomingMessage, response: ServerResponse) => void

/** Listens on a free port of 127.0.0.1. Throws InfraError when there is none. */
export async function listen(
  certificate: ServerCertificate | undefined,
  onRequest: OnRequest,
): Promise<Listener> {
  const server = certificate === undefined ? createServer() : createSecureServer(certificate)
  server.on('request', onRequest)
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    // What is too large is not even sent.
    if (Number(request.headers['content-length'] ?? 0) <= BODY_LIMIT) response.writeContinue()
    onRequest(request, response)
  })
  // A client that does not trust the certificate hangs up: that is what some tests are for.
  server.on('tlsClientError', () => undefined)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host: '127.0.0.1', port: 0 }, resolve)
  try {
    await promise
  } catch (error) {
    throw new InfraError('the update server of the test could not listen on 127.0.0.1', {
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
