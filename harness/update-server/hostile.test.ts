// What a guest may send: nothing of it brings the server down, costs it much, or reaches a report as it came.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import type { UpdateServer } from './fixture.ts'
import { appXml, post, requestXml } from './omaha-request.test.fixture.ts'
import { startUpdateServer } from './update-server.ts'

const start = async (): Promise<UpdateServer> => await startUpdateServer({ hostAddress: '127.0.0.1' })

const bomb = `<!DOCTYPE request [<!ENTITY a "aaaaaaaaaa">${Array.from(
  { length: 30 },
  (_, index) => `<!ENTITY a${index} "${`&a${index === 0 ? '' : index - 1};`.repeat(10)}">`,
).join('')}]>`
const withoutDeclaration = requestXml().replace(/^<\?xml.*\n/, '')

it.each<[string, string | Uint8Array<ArrayBuffer>, number, RegExp]>([
  ['nothing', '', 400, /not well-formed XML.*root element/],
  ['white space', ' \n ', 400, /not well-formed XML/],
  ['no XML', 'GET / HTTP/1.1', 400, /not well-formed XML/],
  ['JSON', '{"request":{"protocol":"3.0"}}', 400, /not well-formed XML/],
  ['half a request', requestXml().slice(0, 400), 400, /not well-formed XML.*unclosed tag/],
  ['a cut attribute', requestXml().slice(0, 300), 400, /not well-formed XML/],
  ['a wrong end tag', requestXml().replace('</app>', '</apps>'), 400, /not well-formed XML/],
  ['two requests', withoutDeclaration.repeat(2), 400, /not well-formed XML.*one root/],
  ['text after the request', `${requestXml()}rest`, 400, /not well-formed XML/],
  [
    'the same attribute twice',
    requestXml().replace('ismachine', 'protocol="3.0" ismachine'),
    400,
    /duplicate/,
  ],
  [
    'an entity bomb',
    requestXml().replace('?>', `?>${bomb}`).replace('stable', '&a29;'),
    400,
    /document type/,
  ],
  [
    'an entity of a file',
    `<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><request protocol="3.0"><app appid="&x;"/></request>`,
    400,
    /document type/,
  ],
  [
    'a document type of elsewhere',
    `<!DOCTYPE request SYSTEM "http://127.0.0.1:1/x.dtd">${withoutDeclaration}`,
    400,
    /document type/,
  ],
  ['an unknown entity', requestXml().replace('stable', '&bomb;'), 400, /undefined entity/],
  ['a NUL', requestXml().replace('stable', 'sta\0ble'), 400, /not well-formed XML/],
  ['a NUL as a reference', requestXml().replace('stable', '&#0;'), 400, /not well-formed XML/],
  ['an answer', '<response protocol="3.0"><app appid="a" status="ok"/></response>', 400, /"request"/],
  ['a request in something else', `<x>${withoutDeclaration}</x>`, 400, /"request"/],
  [
    'another protocol',
    requestXml().replace('protocol="3.0"', 'protocol="2.0"'),
    400,
    /"2.0" is not supported/,
  ],
  ['no protocol', requestXml().replace('protocol="3.0"', ''), 400, /"" is not supported/],
  ['no application', '<request protocol="3.0"></request>', 400, /no app/],
  [
    'an event without a number',
    requestXml(appXml({ inner: '<event eventtype="x" eventresult="1"/>' })),
    400,
    /"eventtype": x/,
  ],
  [
    'an event without a result',
    requestXml(appXml({ inner: '<event eventtype="3"/>' })),
    400,
    /"eventresult"/,
  ],
  [
    'an event of a number that is none',
    requestXml(appXml({ inner: '<event eventtype="1e999" eventresult="1"/>' })),
    400,
    /"eventtype": 1e999/,
  ],
  ['deep nesting', '<request>'.repeat(100_000), 400, /more than 8 deep/],
  [
    'too many applications',
    requestXml(...Array.from({ length: 2000 }, () => '<app/>')),
    400,
    /more than 1000 elements/,
  ],
  [
    'too many events',
    requestXml(appXml({ inner: '<event eventtype="3" eventresult="1"/>'.repeat(2000) })),
    400,
    /more than 1000 elements/,
  ],
  ['UTF-16', Buffer.from(`\uFEFF${requestXml()}`, 'utf16le'), 415, /not UTF-8/],
  ['Latin-1', Buffer.from(requestXml().replace('stable', 'stäble'), 'latin1'), 415, /not UTF-8/],
  ['an encoding that it is not in', requestXml().replace('UTF-8', 'UTF-16'), 415, /UTF-16 is not supported/],
  ['an unknown encoding', requestXml().replace('UTF-8', 'x-evil'), 415, /x-evil is not supported/],
])('refuses %s', async (_, body, expected, why) => {
  await using server = await start()
  const before = performance.now()
  const answer = await post(server.urls.omaha, body)
  // A bomb that went off would take minutes, or the process.
  expect(performance.now() - before).toBeLessThan(5000)
  expect([answer.status, answer.type]).toEqual([expected, 'text/plain; charset=utf-8'])
  expect(answer.body).toMatch(why)
  expect(server.requests()).toMatchObject([{ status: expected, refused: answer.body.trim(), omaha: [] }])
  expect((await post(server.urls.omaha, requestXml())).status).toBe(200)
})

it.each([
  ['a byte order mark', `\uFEFF${requestXml()}`, 'text/xml'],
  ['no declaration', withoutDeclaration, 'application/xml'],
  [
    'comments, CDATA and elements that nobody knows',
    requestXml(appXml({ inner: '<!-- <!ENTITY --><data><![CDATA[<x>]]></data><ping/>' })),
    'text/xml',
  ],
  ['another type', requestXml(), 'application/x-www-form-urlencoded'],
  ['an odd type', requestXml(), 'text/xml; charset="UTF-8"; odd'],
])('takes %s, as real servers do', async (_, body, type) => {
  await using server = await start()
  expect((await post(server.urls.omaha, body, { 'content-type': type })).status).toBe(200)
  expect(server.requests()[0]?.omaha).toMatchObject([{ machineId: '0f3a5b2c9d1e4f60a7b8c9d0e1f20314' }])
})

it.each([
  ['a charset', { 'content-type': 'text/xml; charset=iso-8859-1' }, /iso-8859-1 is not supported/],
  ['compression', { 'content-encoding': 'gzip' }, /gzip is not supported/],
])('refuses %s that it cannot read', async (_, headers, why) => {
  await using server = await start()
  const { status, body } = await post(server.urls.omaha, requestXml(), headers)
  expect([status, body]).toEqual([415, expect.stringMatching(why)])
})

it.each([
  ['GET', 'v1/update/', 405, 'POST'],
  ['PUT', 'update', 405, 'POST'],
  ['POST', 'sysupdate/SHA256SUMS', 405, 'GET, HEAD'],
  ['DELETE', 'packages/1/update.gz', 405, 'GET, HEAD'],
  ['GET', 'v1/updates', 404, null],
  ['GET', 'packages/1/..%2f..%2fetc%2fpasswd', 404, null],
  ['GET', 'sysupdate/%2e%2e/%2e%2e/etc/passwd', 404, null],
  ['GET', 'sysupdate/__proto__', 404, null],
  ['GET', '%ff%fe', 400, null],
])('%s %s is answered with %i', async (method, path, expected, allow) => {
  await using server = await start()
  await server.offerRelease({ version: '1', packages: [{ name: 'update.gz', content: Buffer.from('x') }] })
  const answer = await fetch(server.urls.base + path, { method })
  expect([answer.status, answer.headers.get('allow')]).toEqual([expected, allow])
})

/** A connection, and all that came over it so far. */
async function open(server: UpdateServer): Promise<{ readonly socket: Socket; readonly said: () => string }> {
  const socket = connect(Number(new URL(server.urls.base).port), '127.0.0.1')
  let said = ''
  socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')))
  // The server hangs up in the middle: that is the point.
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return { socket, said: () => said }
}

const head = (...lines: readonly string[]): string =>
  ['POST /v1/update/ HTTP/1.1', 'Host: x', 'Content-Type: text/xml', ...lines, '', ''].join('\r\n')

/** Sends as much of 10 MB as the server takes. Resolves, with how much it was, when the connection is closed. */
async function flood(socket: Socket, piece: (size: number) => string): Promise<number> {
  const size = 65_536
  let sent = 0
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  while (sent < 10_000_000 && socket.writable) {
    if (!socket.write(piece(size))) {
      await Promise.race([new Promise<void>((resolve) => socket.once('drain', () => resolve())), closed])
    }
    sent += size
  }
  if (!socket.destroyed) await closed
  return socket.bytesWritten
}

it('cuts off 10 MB whose size is declared before it reads them', async () => {
  await using server = await start()
  const { socket, said } = await open(server)
  socket.write(head('Content-Length: 10000000'))
  await expect
    .poll(said)
    .toMatch(/^HTTP\/1\.1 413 [\s\S]*connection: close[\s\S]*larger than 1048576 bytes\n$/i)
  expect(await flood(socket, (size) => 'x'.repeat(size))).toBeLessThan(10_000_000)
  expect(server.requests()).toMatchObject([{ status: 413, refused: 'the body is larger than 1048576 bytes' }])
})

it('cuts off 10 MB whose size is not declared early', async () => {
  await using server = await start()
  const { socket, said } = await open(server)
  socket.write(head('Transfer-Encoding: chunked'))
  const sent = await flood(socket, (size) => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`)
  expect(said()).toMatch(/^HTTP\/1\.1 413 /)
  expect(sent).toBeLessThan(10_000_000)
  expect((await post(server.urls.omaha, requestXml())).status).toBe(200)
})

it('does not even let a client begin that asks first', async () => {
  await using server = await start()
  const large = await open(server)
  large.socket.write(head('Content-Length: 10000000', 'Expect: 100-continue'))
  await expect.poll(large.said).toMatch(/^HTTP\/1\.1 413 /)
  large.socket.destroy()
  const small = await open(server)
  const body = requestXml()
  small.socket.write(head(`Content-Length: ${Buffer.byteLength(body)}`, 'Expect: 100-continue'))
  await expect.poll(small.said).toBe('HTTP/1.1 100 Continue\r\n\r\n')
  small.socket.write(body)
  await expect.poll(small.said).toContain('HTTP/1.1 200 OK')
  small.socket.destroy()
})

it('takes a body of just under the limit', async () => {
  await using server = await start()
  const filler = `<!--${'x'.repeat(1024 * 1024 - requestXml().length - 7)}-->`
  const body = requestXml().replace('</request>', `${filler}</request>`)
  expect(Buffer.byteLength(body)).toBe(1024 * 1024)
  expect((await post(server.urls.omaha, body)).status).toBe(200)
  expect((await post(server.urls.omaha, ` ${body}`)).status).toBe(413)
})

it('forgets a client that leaves in the middle of its request', async () => {
  await using server = await start()
  const { socket } = await open(server)
  socket.write(head('Content-Length: 5000') + requestXml().slice(0, 200))
  await expect.poll(() => server.requests().length).toBe(1)
  expect(server.requests()).toMatchObject([{ state: 'open', status: undefined }])
  socket.destroy()
  await expect.poll(() => server.requests()[0]?.state).toBe('gone')
})

it.each([
  ['no HTTP', 'hello\r\n\r\n', 400],
  ['headers without end', `GET / HTTP/1.1\r\n${'X-Filler: 0123456789\r\n'.repeat(2000)}`, 431],
  [
    'two lengths',
    'POST /v1/update/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc',
    400,
  ],
  [
    'a length and chunks',
    'POST /v1/update/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc',
    400,
  ],
])('hangs up on %s', async (_, text, expected) => {
  await using server = await start()
  const { socket, said } = await open(server)
  const closed = once(socket, 'close')
  socket.write(text)
  await closed
  expect(said()).toMatch(new RegExp(`^HTTP/1\\.1 ${expected} `))
  expect((await post(server.urls.omaha, requestXml())).status).toBe(200)
})

it('lets nothing that moves a terminal, and nothing endless, into what it remembers', async () => {
  await using server = await start()
  const evil = `&#x9B;31m\u202Ered&#10;line${'x'.repeat(5000)}`
  const app = appXml({
    version: evil,
    track: evil,
    inner: `<event eventtype="3" eventresult="1" previousversion="${evil}"/>`,
  })
  expect(
    (await post(server.urls.omaha, requestXml(app), { 'user-agent': `\u009B31m${'y'.repeat(5000)}` })).status,
  ).toBe(200)
  await fetch(`${server.urls.base}${'z'.repeat(5000)}`)
  const text = JSON.stringify([server.requests(), server.events()])
  expect(text).toContain('red ⏎ linexx')
  expect(text).not.toMatch(/[\u0000-\u001F\u007F-\u009F\u202E]/)
  expect(text.length).toBeLessThan(4000)
})
