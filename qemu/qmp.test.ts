// The QMP client against a scripted peer over a real socket pair.

import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { TimeoutError } from '../harness/deadline.ts'
import { InfraError } from '../harness/errors.ts'
import type { QmpEvent } from './qmp-commands.ts'
import { usePeers, type Request } from './qmp-peer.test.fixture.ts'
import { QmpConnection, QmpError } from './qmp.ts'

const peer = usePeers()

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
