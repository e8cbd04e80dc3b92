// `signalbox serve` through the real command line: where it listens, who may come in, what it answers, how it ends.

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventLines } from '../../reports/merge.ts'
import { killedRun, mixedRun } from '../../reports/sample-events.test.data.ts'
import { type CliWorld, createCliWorld } from './cli.test.fixture.ts'

let world: CliWorld
beforeAll(() => {
  world = createCliWorld()
  for (const [name, events] of [
    ['run-1', mixedRun()],
    ['run-2', killedRun()],
  ] as const) {
    mkdirSync(join(world.output, name), { recursive: true })
    writeFileSync(join(world.output, name, 'events.jsonl'), [...eventLines(events)].join(''))
  }
  writeFileSync(join(world.output, 'run-1', 'console.txt'), '<script>alert(1)</script>')
})
afterAll(() => world[Symbol.dispose]())

interface Served {
  readonly child: ChildProcess
  readonly port: number
  /** What it has printed. */
  readonly said: () => string
}

async function serve(...args: readonly string[]): Promise<Served> {
  const history = ['--history', join(world.folder, 'h.sqlite')]
  const child = world.start(['serve', '--port', '0', ...history, ...args])
  let text = ''
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const ready = Promise.withResolvers<void>()
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    if (text.includes('Ctrl-C ends it.')) ready.resolve()
  })
  child.once('close', () => ready.reject(new Error(`it has ended: ${text}`)))
  await ready.promise
  return { child, port: Number(/:(\d+)\//.exec(text)?.[1]), said: () => text }
}

interface Got {
  readonly status: number | undefined
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** Not by fetch, which lets nobody choose a Host. */
async function get(
  { port }: Served,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<Got> {
  const response = await open(port, path, headers, method)
  let body = ''
  for await (const chunk of response) body += String(chunk)
  return { status: response.statusCode, headers: response.headers, body }
}

async function open(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<IncomingMessage> {
  const asked = request({ host: '127.0.0.1', port, path, headers, method })
  asked.end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  return response
}

it('on loopback: pages for this host only, and the end by Ctrl-C while somebody listens', async () => {
  const served = await serve()
  expect(served.said()).toMatch(/^Dashboard: http:\/\/127\.0\.0\.1:\d+\/\n/)
  const board = await get(served, '/')
  expect(board.status).toBe(200)
  expect(board.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  })
  expect(board.headers['content-security-policy']).toMatch(
    /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; .*frame-ancestors 'none'$/,
  )
  expect(board.body).toContain(`signalbox history import ${world.output}`)
  for (const path of ['/tests', '/test?name=boot.usr', '/compare', '/run/run-1/'])
    expect([path, (await get(served, path)).status]).toEqual([path, 200])
  for (const path of ['/nothing', '/run/none/', '/run/run-1/none.txt', '/run/run-1/..%2fh.sqlite'])
    expect([path, (await get(served, path)).status]).toEqual([path, 404])
  expect(await get(served, '/run/run-1/console.txt')).toMatchObject({
    status: 200,
    body: '<script>alert(1)</script>',
    headers: {
      'content-type': 'text/plain; charset=utf-8',
      'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
    },
  })
  expect(await get(served, '/run/run-1')).toMatchObject({ status: 303, headers: { location: '/run/run-1/' } })
  expect((await get(served, '/', { host: `evil.example:${served.port}` })).status).toBe(403)
  expect((await get(served, '/', { origin: 'http://evil.example' })).status).toBe(403)
  expect(await get(served, '/', {}, 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
  expect(await get(served, '/', {}, 'HEAD')).toMatchObject({ status: 200, body: '' })

  const streams = [await open(served.port, '/events'), await open(served.port, '/run/run-2/events')]
  for (const stream of streams) {
    expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    stream.on('error', () => undefined)
    await once(stream, 'data')
  }
  served.child.kill('SIGINT')
  expect(await once(served.child, 'close')).toEqual([0, null])
  // No request was said, and no error.
  expect(served.said().split('\n')).toHaveLength(6)
})

it('elsewhere: nobody without the token, which is in the address, then in a cookie, and never said again', async () => {
  const served = await serve('--host', '0.0.0.0')
  const [, token = ''] = /\/\?token=([\w-]{43})\n/.exec(served.said()) ?? []
  expect(token).not.toBe('')
  for (const path of ['/', '/events', '/run/run-1/', `/?token=${token}x`]) {
    const refused = await get(served, path)
    expect([path, refused.status]).toEqual([path, 401])
    expect(refused.body).not.toContain('run-1')
  }
  const entered = await get(served, `/tests?since=7d&token=${token}`, { host: 'ci.example' })
  expect(entered).toMatchObject({ status: 303, headers: { location: '/tests?since=7d' } })
  const cookie = entered.headers['set-cookie']?.[0]?.split(';')[0] ?? ''
  const tests = await get(served, '/tests?since=7d', { host: 'ci.example', cookie })
  expect(tests.status).toBe(200)
  expect(tests.body).not.toContain(token)
  served.child.kill('SIGTERM')
  expect(await once(served.child, 'close')).toEqual([0, null])
  expect(served.said().split(token)).toHaveLength(2)
})

it('a token of a file is asked for on loopback too; a weak one and a taken port are said', async () => {
  const file = join(world.folder, 'token')
  writeFileSync(file, 'short\n')
  const weak = await world.signalbox(['serve', '--port', '0', '--token-file', file])
  expect([weak.exitCode, weak.stderr]).toEqual([2, expect.stringMatching(/at least 16 characters/)])
  expect(weak.stderr).not.toContain('short')
  writeFileSync(file, 'a-token-of-our-own-0123\n')
  const served = await serve('--token-file', file)
  expect(served.said()).not.toContain('a-token-of-our-own')
  expect((await get(served, '/')).status).toBe(401)
  expect((await get(served, '/', { authorization: 'Bearer a-token-of-our-own-0123' })).status).toBe(200)
  const taken = await world.signalbox([
    'serve',
    '--port',
    String(served.port),
    '--history',
    join(world.folder, 'h.sqlite'),
  ])
  expect([taken.exitCode, taken.stderr]).toEqual([2, expect.stringMatching(/EADDRINUSE[^]*--port/)])
  served.child.kill('SIGINT')
  expect(await once(served.child, 'close')).toEqual([0, null])
})
