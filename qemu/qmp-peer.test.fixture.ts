// QEMU's end of a QMP connection, scripted, over a real socket pair.

import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach } from 'vitest'

const GREETING = { QMP: { version: { qemu: { major: 10, minor: 0, micro: 2 } }, capabilities: [] } }

export interface Request {
  readonly execute: string
  readonly arguments?: Readonly<Record<string, unknown>>
  readonly id: number
}

/** A peer that greets and answers each request by `answer`; undefined stays silent. */
export type MakePeer = (
  answer: (request: Request, socket: Socket) => object | undefined,
  greeting?: object,
) => Promise<{ readonly client: Socket; readonly server: Socket }>

/** Call it at the top of a test file: every peer ends with its test. */
export function usePeers(): MakePeer {
  let cleanup: AsyncDisposableStack
  beforeEach(() => {
    cleanup = new AsyncDisposableStack()
  })
  afterEach(async () => cleanup.disposeAsync())
  return async (answer, greeting = GREETING) => {
    const folder = await mkdtemp(join(tmpdir(), 'qmp-'))
    cleanup.defer(async () => rm(folder, { recursive: true }))
    const listener = createServer()
    listener.listen(join(folder, 's'))
    await once(listener, 'listening')
    const accepted = once(listener, 'connection')
    const client = connect(join(folder, 's'))
    const [server] = (await accepted) as [Socket]
    cleanup.defer(() => {
      listener.close()
      client.destroy()
      server.destroy()
    })
    server.write(`${JSON.stringify(greeting)}\r\n`)
    createInterface({ input: server }).on('line', (line) => {
      const request = JSON.parse(line) as Request
      const reply = request.execute === 'qmp_capabilities' ? { return: {} } : answer(request, server)
      if (reply !== undefined) server.write(`${JSON.stringify({ ...reply, id: request.id })}\r\n`)
    })
    return { client, server }
  }
}
