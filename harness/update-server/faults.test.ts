import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, get as getPlain, type IncomingMessage } from 'node:http'
import { get, request } from 'node:https'
import { expect, it } from 'vitest'
import type { CertificateKind } from './certificates.ts'
import type { FaultScope, UpdateFault } from './faults.ts'
import type { UpdateServer } from './fixture.ts'
import { post, requestXml } from './omaha-request.test.fixture.ts'
import { startUpdateServer } from './update-server.ts'

const payload = randomBytes(1_000_000)

/** A server with the payload at its `url`, under two names. */
async function start(): Promise<{ readonly server: UpdateServer; readonly url: string }> {
  const server = await startUpdateServer({ hostAddress: '127.0.0.1' })
  await server.offerFiles([
    { name: 'a.raw', content: payload },
    { name: 'b.raw', content: payload },
  ])
  return { server, url: `${server.urls.directory}a.raw` }
}

interface Download {
  readonly status: number
  readonly bytes: Buffer
  /** All that was promised came. */
  readonly whole: boolean
}

async function download(url: string, from = 0, onBytes?: (count: number) => void): Promise<Download> {
  const answer = await fetch(url, from === 0 ? {} : { headers: { range: `bytes=${from}-` } })
  const chunks: Uint8Array[] = []
  let count = 0
  try {
    for await (const chunk of answer.body ?? []) {
      chunks.push(chunk)
      onBytes?.((count += chunk.length))
    }
    return { status: answer.status, bytes: Buffer.concat(chunks), whole: true }
  } catch {
    return { status: answer.status, bytes: Buffer.concat(chunks), whole: false }
  }
}

it('fails the first requests with a status, and then works', async () => {
  const { server, url } = await start()
  await using _ = server
  const fault = server.misbehave({ kind: 'status', status: 503 }, { times: 2 })
  const statuses = [
    await fetch(url),
    await fetch(server.urls.omaha, { method: 'POST' }),
    await fetch(url),
  ].map(({ status }) => status)
  expect(statuses).toEqual([503, 503, 200])
  expect(fault.hits).toBe(2)
  expect(server.requests().map(({ faults, refused }) => [faults, refused])).toEqual([
    [['status'], 'the server misbehaves as it was told to'],
    [['status'], 'the server misbehaves as it was told to'],
    [[], undefined],
  ])
})

it.each<[string, FaultScope, readonly number[]]>([
  ['a name', { path: 'a.raw' }, [404, 200, 404]],
  ['a path', { path: '/sysupdate/a.raw' }, [404, 200, 404]],
  ['a pattern', { path: /[ab]\.raw$/ }, [404, 404, 404]],
  ['a sticky pattern', { path: /a\.raw$/g }, [404, 200, 404]],
  ['a part of a name', { path: '.raw' }, [200, 200, 200]],
  ['a name and a count', { path: 'a.raw', times: 1 }, [404, 200, 200]],
])('concerns the requests of %s', async (_, scope, expected) => {
  const { server, url } = await start()
  await using __ = server
  server.misbehave({ kind: 'status', status: 404 }, scope)
  const statuses: number[] = []
  for (const path of [url, url.replace('a.raw', 'b.raw'), url]) statuses.push((await fetch(path)).status)
  expect(statuses).toEqual(expected)
})

it('sends a payload with one wrong byte', async () => {
  const { server, url } = await start()
  await using _ = server
  server.misbehave({ kind: 'corrupt' }, { path: 'a.raw' })
  const different = (bytes: Buffer, from: number): readonly number[] =>
    [...bytes.keys()].filter((at) => bytes[at] !== payload[from + at])
  const all = await download(url)
  expect([all.bytes.length, different(all.bytes, 0)]).toEqual([1_000_000, [500_000]])
  expect(different((await download(url, 400_001)).bytes, 400_001)).toEqual([99_999])
  expect(different((await download(url, 500_001)).bytes, 500_001)).toEqual([])
  expect((await download(url.replace('a.raw', 'b.raw'))).bytes.equals(payload)).toBe(true)
})

it('ends a payload early as if it was whole', async () => {
  const { server, url } = await start()
  await using _ = server
  server.misbehave({ kind: 'truncate', atByte: 700_000 }, { times: 1 })
  const { bytes, whole, status } = await download(url)
  expect([status, whole, bytes.equals(payload.subarray(0, 700_000))]).toEqual([200, true, true])
  expect((await download(url)).bytes.equals(payload)).toBe(true)
})

it('drops the connection, so that a client can resume', async () => {
  const { server, url } = await start()
  await using _ = server
  const fault = server.misbehave({ kind: 'drop', atByte: 600_000 })
  const first = await download(url)
  expect([first.status, first.whole, first.bytes.length]).toEqual([200, false, 600_000])
  // It is not a client that can do nothing any more: it goes on where it was.
  const rest = await download(url, 600_000)
  expect([rest.status, rest.whole, rest.bytes.equals(payload.subarray(600_000))]).toEqual([206, true, true])
  expect((await download(url, 1)).bytes.length).toBe(599_999)
  expect(fault.hits).toBe(2)
  expect(server.requests().map(({ state, faults }) => [state, faults])).toEqual([
    ['dropped', ['drop']],
    ['answered', []],
    ['dropped', ['drop']],
  ])
})

it.each(['drop', 'stall'] as const)('answers with nothing but the headers: %s', async (kind) => {
  const { server, url } = await start()
  await using _ = server
  const fault = server.misbehave({ kind, atByte: 0 })
  const answer = await fetch(url)
  expect([answer.status, answer.headers.get('content-length')]).toEqual([200, '1000000'])
  if (kind === 'stall') fault.end()
  const rest = await answer.arrayBuffer().then(
    (bytes) => bytes.byteLength,
    () => 'cut',
  )
  expect(rest).toBe(kind === 'drop' ? 'cut' : 1_000_000)
})

it('drops the first connection only, when it is told so', async () => {
  const { server, url } = await start()
  await using _ = server
  server.misbehave({ kind: 'drop', atByte: 600_000 }, { times: 1 })
  const first = await download(url)
  const rest = await download(url, first.bytes.length)
  expect(Buffer.concat([first.bytes, rest.bytes]).equals(payload)).toBe(true)
})

it('stalls until the fault ends, with the connection open', async () => {
  const { server, url } = await start()
  await using _ = server
  const fault = server.misbehave({ kind: 'stall', atByte: 300_000 })
  const reached = Promise.withResolvers<void>()
  let count = 0
  const downloading = download(url, 0, (bytes) => {
    count = bytes
    if (bytes >= 300_000) reached.resolve()
  })
  await reached.promise
  expect(count).toBe(300_000)
  expect(server.requests()).toMatchObject([{ state: 'open', faults: ['stall'] }])
  expect(server.requests()[0]?.bytes).toBeGreaterThanOrEqual(300_000)
  // Another client is served meanwhile, from behind the place.
  expect((await download(url, 300_000)).bytes.length).toBe(700_000)
  expect(count).toBe(300_000)
  fault.end()
  const { bytes, whole } = await downloading
  expect([whole, bytes.equals(payload)]).toEqual([true, true])
})

it('counts to a request only its own bytes of a connection', async () => {
  const { server, url } = await start()
  await using _ = server
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (let n = 0; n < 2; n += 1) {
    const [answer] = (await once(getPlain(url, { agent }), 'response')) as [IncomingMessage]
    await once(answer.resume(), 'end')
  }
  await expect.poll(() => server.requests().map(({ state }) => state)).toEqual(['answered', 'answered'])
  agent.destroy()
  const [first, second] = server.requests()
  expect(first?.bytes).toBeGreaterThanOrEqual(1_000_000)
  expect(first?.bytes).toBe(second?.bytes)
})

it('lets go of a stalled client that leaves, and of one that stays when it ends', async () => {
  const { server, url } = await start()
  server.misbehave({ kind: 'stall', atByte: 1 })
  const leaving = new AbortController()
  const stays = download(url)
  const gone = fetch(url, { signal: leaving.signal }).then(async (answer) => await answer.arrayBuffer())
  await expect.poll(() => server.requests().length).toBe(2)
  leaving.abort()
  await expect(gone).rejects.toThrow()
  await expect
    .poll(() =>
      server
        .requests()
        .map(({ state }) => state)
        .toSorted(),
    )
    .toEqual(['gone', 'open'])
  await server[Symbol.asyncDispose]()
  expect(await stays).toMatchObject({ whole: false })
})

it('is slow, and as fast as ever when the fault ends', async () => {
  const { server, url } = await start()
  await using _ = server
  const fault = server.misbehave({ kind: 'slow', bytesPerSecond: 500_000 })
  let count = 0
  const before = performance.now()
  const downloading = download(url, 0, (bytes) => {
    count = bytes
    if (bytes >= 250_000) fault.end()
  })
  const { bytes } = await downloading
  expect(bytes.equals(payload)).toBe(true)
  expect(count).toBe(1_000_000)
  // A quarter at half a megabyte a second; a whole one would take two.
  expect(performance.now() - before).toBeGreaterThan(400)
})

it('does several things at once, until it is told to behave', async () => {
  const { server, url } = await start()
  await using _ = server
  server.misbehave({ kind: 'corrupt' })
  server.misbehave({ kind: 'drop', atByte: 800_000 })
  const { bytes, whole } = await download(url)
  expect([whole, bytes.length, bytes[500_000] === payload[500_000]]).toEqual([false, 800_000, false])
  server.behave()
  expect((await download(url)).bytes.equals(payload)).toBe(true)
})

it.each<[UpdateFault, FaultScope | undefined]>([
  [{ kind: 'status', status: 200 }, undefined],
  [{ kind: 'status', status: 404.5 }, undefined],
  [{ kind: 'drop', atByte: -1 }, undefined],
  [{ kind: 'stall', atByte: 0.5 }, undefined],
  [{ kind: 'slow', bytesPerSecond: 0 }, undefined],
  [{ kind: 'corrupt' }, { times: 0 }],
])('refuses %j with %j', async (fault, scope) => {
  const { server } = await start()
  await using _ = server
  expect(() => server.misbehave(fault, scope)).toThrow(/cannot misbehave like that/)
})

/** What a client that trusts the server's authority gets: a status, or the code of what it finds wrong. */
async function getSecurely(url: string, ca: string | undefined): Promise<number | string> {
  const { promise, resolve } = Promise.withResolvers<number | string>()
  get(url, { ...(ca === undefined ? {} : { ca }), agent: false }, (answer) => {
    answer.resume()
    resolve(answer.statusCode ?? 'none')
  }).on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  return await promise
}

it.each<[CertificateKind, number | string]>([
  ['valid', 200],
  ['expired', 'CERT_HAS_EXPIRED'],
  ['not-yet-valid', 'CERT_NOT_YET_VALID'],
  ['wrong-name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['untrusted', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
])('has a certificate that is %s', async (kind, expected) => {
  const { server } = await start()
  await using _ = server
  const { base, directory } = await server.https(kind)
  const ca = await server.caCertificate()
  expect(base).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/$/)
  expect(await getSecurely(`${directory}a.raw`, ca)).toBe(expected)
  expect(await getSecurely(`${directory}a.raw`, undefined)).not.toBe(200)
  // The plain one stays, and the same certificate is at the same place.
  expect((await fetch(`${server.urls.directory}b.raw`)).status).toBe(200)
  expect((await server.https(kind)).base).toBe(base)
  const secure = server.requests().filter((one) => one.secure)
  expect(secure.map(({ path }) => path)).toEqual(expected === 200 ? ['/sysupdate/a.raw'] : [])
})

it('sends a client that comes over TLS to packages over TLS', async () => {
  await using server = await startUpdateServer({ hostAddress: '127.0.0.1' })
  await server.offerRelease({ version: '9', to: 'any', packages: [{ name: 'update.gz', content: payload }] })
  const { omaha, base } = await server.https()
  const ca = await server.caCertificate()
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const asked = request(omaha, { method: 'POST', ca, agent: false }, (answer) => {
    let body = ''
    answer.on('data', (chunk: Buffer) => (body += chunk.toString())).on('end', () => resolve(body))
  }).on('error', reject)
  asked.end(requestXml())
  expect(await promise).toContain(`codebase="${base}packages/1/"`)
  expect((await post(server.urls.omaha, requestXml())).body).toContain(
    `codebase="${server.urls.base}packages/1/"`,
  )
})

it('says that machines of a platform cannot reach this host', async () => {
  await using server = await startUpdateServer({ hostAddress: undefined })
  expect(() => server.urls).toThrow('cannot reach this host')
  await expect(server.https()).rejects.toThrow('cannot reach this host')
})
