// Omaha requests over connections that stay open, written and read by hand so that the client costs little: `load.ts SPEC`, as
// JSON. Prints what came of it as JSON, and fails when an answer is not an offer.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { requestXml } from '../../update-server/omaha-request.test.fixture.ts'

export interface LoadSpec {
  readonly url: string
  readonly connections: number
  readonly seconds: number
  /** Requests a second, sent when they are due; without it each connection sends as soon as it has its answer. */
  readonly rate: number | undefined
}

export interface LoadResult {
  readonly perSecond: number
  readonly p50Ms: number
  /** Counted from when a request was due: one that has to wait for a connection is late. */
  readonly p99Ms: number
}

const { url, connections, seconds, rate } = JSON.parse(process.argv[2] ?? '{}') as LoadSpec
const { hostname, port, pathname } = new URL(url)
const body = requestXml()
const head = [`POST ${pathname} HTTP/1.1`, `Host: ${hostname}`, 'Content-Type: text/xml']
const request = [...head, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n')

/** Resolves when one answer is whole. */
async function ask(socket: Socket): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let answer = ''
  const onData = (chunk: Buffer): void => {
    answer += chunk.toString('latin1')
    if (!answer.endsWith('</response>')) return
    socket.off('data', onData)
    if (answer.startsWith('HTTP/1.1 200 ') && answer.includes('<updatecheck status="ok">')) resolve()
    else reject(new Error(`not an offer: ${answer}`))
  }
  socket.on('data', onData)
  socket.write(request)
  await promise
}

const sockets = await Promise.all(
  Array.from({ length: connections }, async () => {
    const socket = connect(Number(port), hostname).setNoDelay(true)
    await once(socket, 'connect')
    socket.once('close', () => {
      throw new Error('the server closed a connection')
    })
    return socket
  }),
)
const startedAt = performance.now()
const total = rate === undefined ? Infinity : rate * seconds
const latencies: number[] = []
let next = 0

async function keepAsking(socket: Socket): Promise<void> {
  for (;;) {
    const now = performance.now() - startedAt
    const index = next
    const dueMs = rate === undefined ? now : (index / rate) * 1000
    if (index >= total || (rate === undefined && now >= seconds * 1000)) return
    next += 1
    if (dueMs > now) await new Promise((resolve) => setTimeout(resolve, dueMs - now))
    await ask(socket)
    latencies.push(performance.now() - startedAt - dueMs)
  }
}

await Promise.all(sockets.map(keepAsking))
const tookMs = performance.now() - startedAt
const sorted = latencies.toSorted((a, b) => a - b)
const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? Infinity
const result: LoadResult = {
  perSecond: latencies.length / (tookMs / 1000),
  p50Ms: at(0.5),
  p99Ms: at(0.99),
}
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0))
