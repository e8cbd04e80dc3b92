// The QMP client against a scripted peer over a real socket pair.

import { createServer, connect, type Socket } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TimeoutError } from '../harness/deadline.ts'
import { InfraError } from '../harness/errors.ts'
import type { QmpEvent } from './qmp-commands.ts'
import { QmpConnection, QmpError } from './qmp.ts'

const GREETING = { QMP: { version: { qemu: { major: 10, minor: 0, micro: 2 } }, capabilities: [] } }

interface Request {
  readonly execute: string
  readonly id: number
}

let cleanup: AsyncDisposableStack
beforeEach(() => {
  cleanup = new AsyncDisposableStack()
})
afterEach(async () => cleanup.disposeAsync())

/** A peer that greets and answers each request by `answer`; undefined stays silent. */
async function peer(
  answer: (request: Request, socket: Socket) => object | undefined,
  greeting: object | undefined = GREETING,
): Promise<{ readonly client: Socket; readonly server: Socket }> {
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
  if (greeting !== undefined) server.write(`${JSON.stringify(greeting)}\r\n`)
  createInterface({ input: server }).on('line', (line) => {
    const request = JSON.parse(line) as Request
    const reply = request.execute === 'qmp_capabilities' ? { return: {} } : answer(request, server)
    if (reply !== undefined) server.write(`${JSON.stringify({ ...reply, id: request.id })}\r\n`)
  })
  return { client, server }
}

describe('QmpConnection', () => {
  test('negotiates, knows the version, and matches answers that come out of order', async () => {
    const waiting: Request[] = []
    const { client } = await peer((request, socket) => {
      waiting.push(request)
      if (waiting.length < 2) return undefined
      for (const { id, execute } of waiting.toReversed()) {
        socket.write(`${JSON.stringify({ return: { status: execute, running: true }, id })}\r\n`)
      }
      return undefined
    })
    using qmp = await QmpConnection.negotiate(client)
    expect(await qmp.version).toBe('10.0.2')
    const [status, stopped] = await Promise.all([qmp.execute('query-status', {}), qmp.execute('stop', {})])
    expect(status.status).toBe('query-status')
    expect(stopped).toMatchObject({ status: 'stop' })
  })

  test('a refused command carries QEMU’s class and words', async () => {
    const { client } = await peer(() => ({ error: { class: 'GenericError', desc: 'no such thing' } }))
    using qmp = await QmpConnection.negotiate(client)
    const refused = await qmp.execute('cont', {}).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(QmpError)
    expect(refused).toMatchObject({ qmpClass: 'GenericError', command: 'cont' })
    expect(String(refused)).toContain('QEMU refused cont: no such thing')
  })

  test('a lost connection rejects pending calls, later calls, and ends the events', async () => {
    const { client, server } = await peer(() => undefined)
    using qmp = await QmpConnection.negotiate(client)
    const pending = qmp.execute('cont', {})
    const events = (async () => {
      const seen: QmpEvent[] = []
      for await (const event of qmp.events()) seen.push(event)
      return seen
    })()
    server.write(`${JSON.stringify({ event: 'STOP', timestamp: { seconds: 2, microseconds: 3000 } })}\r\n`)
    await once(client, 'data')
    server.destroy()
    await expect(pending).rejects.toBeInstanceOf(InfraError)
    await expect(qmp.execute('stop', {})).rejects.toMatchObject({ code: 'qmp-lost' })
    expect(await events).toEqual([{ event: 'STOP', data: undefined, atMs: 2003 }])
  })

  test('a silent peer costs a timeout, not a hang', async () => {
    const { client } = await peer(() => undefined)
    using qmp = await QmpConnection.negotiate(client)
    await expect(qmp.execute('stop', {}, { timeoutMs: 20 })).rejects.toBeInstanceOf(TimeoutError)
    const mute = await peer(() => undefined, {})
    await expect(QmpConnection.negotiate(mute.client, { timeoutMs: 20 })).rejects.toThrow('the QMP greeting')
  })

  test('an aborted signal ends a call and an event loop with its reason', async () => {
    const { client } = await peer(() => undefined)
    using qmp = await QmpConnection.negotiate(client)
    const controller = new AbortController()
    const call = qmp.execute('stop', {}, { signal: controller.signal })
    const next = qmp.events(controller.signal).next()
    controller.abort(new Error('enough'))
    await expect(call).rejects.toThrow('enough')
    await expect(next).rejects.toThrow('enough')
  })

  test('garbage on the wire is ignored', async () => {
    const { client, server } = await peer(() => ({ return: {} }))
    using qmp = await QmpConnection.negotiate(client)
    server.write('not json\r\n[1]\r\n{"return":{},"id":999}\r\n{"return":{}}\r\nnull\r\n')
    await expect(qmp.execute('stop', {})).resolves.toEqual({})
  })
})
