// One request from start to end: where it goes, what it meets, what is remembered of it.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { messageOf } from '../errors.ts'
import { oneLine } from '../hostile-text.ts'
import { readBody } from './body.ts'
import type { Content } from './content.ts'
import type { UpdateDirectory } from './directory.ts'
import type { Faults, MetFault, RequestKind } from './faults.ts'
import { answerOmaha } from './omaha/answer.ts'
import { readOmahaRequest } from './omaha/request.ts'
import { writeOmahaAnswer } from './omaha/write.ts'
import { exchangeOf, type OpenRecord, type Records, type UpdateRequest } from './records.ts'
import { FLATCAR_APP_ID, REFERENCE_APP_ID, type OfferedRelease } from './release.ts'
import { planSend, sendBytes, spoil } from './serve-content.ts'

export const OMAHA_PATH = '/v1/update/'
export const SYSUPDATE_PATH = '/sysupdate/'
const PACKAGES_PATH = '/packages/'
/** As go-omaha has it: more is certainly bogus. */
export const BODY_LIMIT = 1024 * 1024

/** What the server has. */
export interface Offered {
  /** All whose packages can be downloaded. */
  readonly releases: readonly OfferedRelease[]
  /** Those that an update check may get. */
  readonly current: readonly OfferedRelease[]
  readonly directory: UpdateDirectory
}

export interface RequestWorld {
  readonly offered: Offered
  readonly faults: Faults
  readonly records: Records
  /** `performance.now()` of the server's start. */
  readonly startedAt: number
  readonly secure: boolean
  /** Scheme, host and port as the guest sees them. */
  readonly base: string
  readonly onRequest: ((request: UpdateRequest) => void) | undefined
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly record: OpenRecord
  readonly world: RequestWorld
}

/** Answers a request. Never throws; what goes wrong is answered with 500. */
export function handleRequest(request: IncomingMessage, response: ServerResponse, world: RequestWorld): void {
  const record = openRecord(request, response, world)
  const exchange = { request, response, record, world }
  route(exchange).catch((error: unknown) => {
    if (response.headersSent) response.destroy()
    else refuse(exchange, 500, `the server failed: ${messageOf(error)}`)
  })
}

function openRecord(request: IncomingMessage, response: ServerResponse, world: RequestWorld): OpenRecord {
  const { records, onRequest, secure, startedAt } = world
  const { socket, headers } = request
  const began = performance.now()
  const writtenBefore = socket.bytesWritten
  const { range } = headers
  const record: OpenRecord = {
    method: oneLine(request.method ?? '', 20),
    path: oneLine(request.url ?? '', 300),
    secure,
    userAgent: oneLine(headers['user-agent'] ?? '', 200),
    range: range === undefined ? undefined : oneLine(range, 100),
    atMs: began - startedAt,
    durationMs: 0,
    state: 'open',
    status: undefined,
    get bytes() {
      return socket.bytesWritten - writtenBefore
    },
    faults: [],
    refused: undefined,
    omaha: [],
  }
  records.add(record)
  response.once('close', () => {
    record.durationMs = performance.now() - began
    // A number from now on: the socket may serve other requests, and a record that is kept must not keep it.
    Object.defineProperty(record, 'bytes', { value: record.bytes })
    if (response.headersSent) record.status = response.statusCode
    if (record.state === 'open') record.state = response.writableFinished ? 'answered' : 'gone'
    onRequest?.(record)
  })
  return record
}

async function route(exchange: Exchange): Promise<void> {
  const { request, world } = exchange
  const path = pathOf(request.url ?? '/')
  if (path === undefined) return refuse(exchange, 400, 'the path cannot be read')
  if (/^\/(?:v1\/)?update\/?$/.test(path)) return await answerUpdate(exchange, path)
  const found = findFile(path, world.offered)
  const kind: RequestKind = found?.kind ?? 'other'
  // Where a resumed download starts decides whether a fault is ahead of it.
  const wanted = found === undefined ? 0 : planSend(request.headers, found.content).start
  // No connection is cut in a body that is not sent.
  const start = request.method === 'HEAD' ? Infinity : wanted
  const met = meet(exchange, { kind, path, start })
  if (met === undefined) return
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    exchange.response.setHeader('Allow', 'GET, HEAD')
    return refuse(exchange, 405, 'files are for GET and HEAD')
  }
  if (found === undefined) return refuse(exchange, 404, 'there is no such file')
  await sendFile(exchange, path, found.content, met)
}

async function sendFile(
  { request, response, record, world }: Exchange,
  path: string,
  whole: Content,
  met: readonly MetFault[],
): Promise<void> {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const { misled, forged } = world.offered.directory
  const has = (kind: MetFault['fault']['kind']): boolean => met.some(({ fault }) => fault.kind === kind)
  const misleading = has('wrong-hash') ? misled.get(name) : undefined
  const forgery = has('wrong-signature') && name.endsWith('.gpg') ? forged.get(name) : undefined
  const content = spoil(forgery ?? misleading ?? whole, met)
  const plan = planSend(request.headers, content)
  response.writeHead(plan.status, plan.headers)
  if (request.method === 'HEAD' || plan.end === plan.start) {
    response.end()
    return
  }
  await sendBytes(response, content, plan, { met, onDrop: () => (record.state = 'dropped') })
}

async function answerUpdate(exchange: Exchange, path: string): Promise<void> {
  const { request, response, record, world } = exchange
  const met = meet(exchange, { kind: 'omaha', path, start: 0 })
  if (met === undefined) return
  if (request.method !== 'POST') {
    response.setHeader('Allow', 'POST')
    return refuse(exchange, 405, 'Omaha requests are sent with POST')
  }
  const unread = unreadable(request.headers)
  if (unread !== undefined) return refuse(exchange, 415, unread)
  const body = await readBody(request, BODY_LIMIT)
  if (body.kind === 'gone') return
  if (body.kind === 'too-large') return refuse(exchange, 413, `the body is larger than ${BODY_LIMIT} bytes`)
  const read = readOmahaRequest(body.bytes)
  if (read.kind === 'refused') return refuse(exchange, read.status, read.why)
  const { current } = world.offered
  const appStatus = met.find(({ fault }) => fault.kind === 'app-status')?.fault
  const checkStatus = met.find(({ fault }) => fault.kind === 'check-status')?.fault
  const answer = answerOmaha(read.request, {
    releases: current,
    knownApps: new Set([
      FLATCAR_APP_ID,
      REFERENCE_APP_ID,
      ...world.offered.releases.map(({ appId }) => appId.toLowerCase()),
    ]),
    app: appStatus?.kind === 'app-status' ? appStatus.app : undefined,
    check: checkStatus?.kind === 'check-status' ? checkStatus.check : undefined,
  })
  record.omaha = answer.apps.map(exchangeOf)
  const xml = writeOmahaAnswer(answer, {
    codebaseOf: ({ id }) => `${world.base}${PACKAGES_PATH}${id}/`,
    wrongHashes: met.some(({ fault }) => fault.kind === 'wrong-hash'),
  })
  const bytes = Buffer.from(xml)
  response.writeHead(answer.status, {
    'Content-Type': 'text/xml; charset=utf-8',
    'Content-Length': bytes.length,
  })
  response.end(bytes)
}

/** The faults of a request; undefined when one of them has answered it. */
function meet(exchange: Exchange, what: Parameters<Faults['meet']>[0]): readonly MetFault[] | undefined {
  const { record, world } = exchange
  const met = world.faults.meet(what)
  record.faults = met.map(({ fault }) => fault.kind)
  const status = met.find(({ fault }) => fault.kind === 'status')?.fault
  if (status?.kind !== 'status') return met
  refuse(exchange, status.status, 'the server misbehaves as it was told to')
  return undefined
}

/** Why a body cannot be read, by its headers. What the content is called otherwise does not matter: clients differ. */
function unreadable(headers: IncomingMessage['headers']): string | undefined {
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding.toLowerCase() !== 'identity')
    return `the content encoding ${oneLine(encoding, 40)} is not supported`
  const charset = /;\s*charset="?([^";]+)/i.exec(headers['content-type'] ?? '')?.[1]?.trim()
  if (charset === undefined || /^(?:utf-?8|us-ascii)$/i.test(charset)) return undefined
  return `the encoding ${oneLine(charset, 40)} is not supported: send UTF-8`
}

function refuse({ request, response, record }: Exchange, status: number, why: string): void {
  record.refused = why
  const text = Buffer.from(`${why}\n`)
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': text.length,
    // What is left of a body that nobody wants would be taken for the next request.
    ...(request.complete ? {} : { Connection: 'close' }),
  })
  if (request.method !== 'HEAD') response.write(text)
  if (request.complete) response.end()
  else lingerOver(request, () => response.end())
}

const LINGER_MS = 1000
const LINGER_BYTES = 256 * 1024

/**
 * A client that still sends when the connection is closed does not see the answer that came before: it gets a moment, not
 * more. To end the answer closes the connection.
 */
function lingerOver(request: IncomingMessage, end: () => void): void {
  const timer = setTimeout(end, LINGER_MS)
  const stop = (): void => {
    clearTimeout(timer)
    end()
  }
  let rest = LINGER_BYTES
  request.on('data', (chunk: Buffer) => {
    rest -= chunk.length
    if (rest > 0) return
    request.pause()
    stop()
  })
  request.once('end', stop)
  request.once('close', stop)
  request.resume()
}

function pathOf(url: string): string | undefined {
  try {
    return decodeURIComponent(new URL(url, 'http://host').pathname)
  } catch {
    return undefined
  }
}

function findFile(
  path: string,
  { releases, directory }: Offered,
): { readonly kind: 'file' | 'sums'; readonly content: Content } | undefined {
  const [, id, name = ''] = /^\/packages\/(\d+)\/([^/]+)$/.exec(path) ?? []
  if (id !== undefined) {
    const release = releases.find((one) => `${one.id}` === id)
    const content = release?.packages.find((one) => one.name === name)?.content
    return content === undefined ? undefined : { kind: 'file', content }
  }
  if (!path.startsWith(SYSUPDATE_PATH)) return undefined
  const wanted = path.slice(SYSUPDATE_PATH.length)
  const content = directory.files.get(wanted)
  if (content === undefined) return undefined
  return { kind: /^SHA256SUMS(?:\.gpg)?$/.test(wanted) ? 'sums' : 'file', content }
}
