// The update server's HTTP or HTTPS listener.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { listenOnLoopback, type ListeningServer } from '../listen.ts'
import type { ServerCertificate } from './certificates.ts'
import { BODY_LIMIT } from './handle-request.ts'

export type OnRequest = (request: IncomingMessage, response: ServerResponse) => void

/** Listens on a free port of 127.0.0.1. Throws InfraError when there is none. */
export async function listen(
  certificate: ServerCertificate | undefined,
  onRequest: OnRequest,
): Promise<ListeningServer> {
  const server =
    certificate === undefined
      ? (await import('node:http')).createServer()
      : (await import('node:https')).createServer(certificate)
  server.on('request', onRequest)
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    // What is too large is not even sent.
    if (Number(request.headers['content-length'] ?? 0) <= BODY_LIMIT) response.writeContinue()
    onRequest(request, response)
  })
  // A client that does not trust the certificate hangs up: that is what some tests are for.
  server.on('tlsClientError', () => undefined)
  return await listenOnLoopback(server, 'the update server of the test')
}
