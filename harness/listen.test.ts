import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { listenAt, listenOnLoopback } from './listen.ts'

test('a machine may be slow to ask again: its connection is never closed for being idle', async () => {
  const server = createServer((_, response) => response.end('answer'))
  await using listening = await listenOnLoopback(server, 'the server of the test')
  const socket = connect(listening.port, '127.0.0.1')
  const ask = async (): Promise<string> => {
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    return chunk.toString()
  }
  const first = await ask()
  expect(first).toMatch(/^HTTP\/1\.1 200 /)
  // What a server that closes idle connections tells its clients.
  expect(first).not.toMatch(/^Keep-Alive: timeout=/im)
  expect(await ask()).toMatch(/^HTTP\/1\.1 200 /)
  socket.destroy()
})

test('a port that is taken is told with what to do', async () => {
  await using taken = await listenOnLoopback(createServer(), 'the server of the test')
  await expect(listenAt(createServer(), '127.0.0.1', taken.port)).rejects.toMatchObject({
    code: 'cannot-listen',
    hint: expect.stringContaining('--port'),
  })
})

test('disposing ends connections that are still open', async () => {
  const server = createServer()
  const listening = await listenOnLoopback(server, 'the server of the test')
  const socket = connect(listening.port, '127.0.0.1')
  await once(socket, 'connect')
  const closed = once(socket, 'close')
  socket.on('error', () => undefined)
  await listening[Symbol.asyncDispose]()
  await closed
  expect(server.listening).toBe(false)
})
