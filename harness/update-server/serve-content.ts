// One file over HTTP: whole, in part (one range, for clients that resume), its headers alone, or not at all when the client
// has it; and the ways in which a network and a server go wrong.

import { open } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import parseRange from 'range-parser'
import { sleep } from '../deadline.ts'
import { CHUNK_BYTES, type Content } from './content.ts'
import type { MetFault, UpdateFault } from './faults.ts'

/** What is to be sent: pure, from the request's headers. `end` is behind the last byte. */
export interface SendPlan {
  readonly status: 200 | 206 | 304 | 416
  readonly headers: Readonly<Record<string, string>>
  readonly start: number
  readonly end: number
}

/** RFC 9110: conditions, then one range; of several ranges at once the whole is sent, as a server may. */
export function planSend(headers: IncomingMessage['headers'], content: Content): SendPlan {
  const { bytes } = content
  const etag = `"${content.sha256.toString('hex').slice(0, 32)}"`
  const common = { ETag: etag, 'Accept-Ranges': 'bytes', 'Content-Type': 'application/octet-stream' }
  const known = headers['if-none-match']
  if (
    known !== undefined &&
    (known === '*' || known.split(/,\s*/).some((tag) => tag.replace(/^W\//, '') === etag))
  )
    return { status: 304, headers: common, start: 0, end: 0 }
  const whole: SendPlan = {
    status: 200,
    headers: { ...common, 'Content-Length': `${bytes}` },
    start: 0,
    end: bytes,
  }
  const { range } = headers
  const condition = headers['if-range']
  if (range === undefined || (condition !== undefined && condition !== etag)) return whole
  const ranges = parseRange(bytes, range)
  if (ranges === -2 || (ranges !== -1 && (ranges.type !== 'bytes' || ranges.length !== 1))) return whole
  if (ranges === -1) {
    const none = { ...common, 'Content-Range': `bytes */${bytes}`, 'Content-Length': '0' }
    return { status: 416, headers: none, start: 0, end: 0 }
  }
  const [{ start, end } = { start: 0, end: bytes - 1 }] = ranges
  return {
    status: 206,
    headers: {
      ...common,
      'Content-Length': `${end - start + 1}`,
      'Content-Range': `bytes ${start}-${end}/${bytes}`,
    },
    start,
    end: end + 1,
  }
}

/** The content as the faults make it. */
export function spoil(content: Content, met: readonly MetFault[]): Content {
  return met.reduce<Content>((spoilt, { fault }) => {
    if (fault.kind === 'truncate') return { ...spoilt, bytes: Math.min(spoilt.bytes, fault.atByte) }
    return fault.kind === 'corrupt' ? corrupted(spoilt) : spoilt
  }, content)
}

function corrupted(content: Content): Content {
  const place = Math.floor(content.bytes / 2)
  return {
    ...content,
    path: undefined,
    open(start, end) {
      let at = start
      return Readable.from(
        mapChunks(content.open(start, end), (chunk) => {
          const index = place - at
          at += chunk.length
          const byte = chunk[index]
          if (byte === undefined) return chunk
          const changed = Buffer.from(chunk)
          changed[index] = byte ^ 0xff
          return changed
        }),
      )
    },
  }
}

async function* mapChunks(
  source: Readable,
  change: (chunk: Uint8Array) => Uint8Array,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) yield change(chunk as Uint8Array)
}

/** Ends what is sent before it is whole. */
class Dropped extends Error {}

/** How what hinders an answer is told. */
interface Hindrance {
  readonly met: readonly MetFault[]
  readonly gone: AbortSignal
  /** Called before the connection is closed by a fault. */
  readonly onDrop: () => void
}

/** Sends the bytes of a plan. Resolves when they are sent, or will not be: the client left, or a fault closed the connection. */
export async function sendBytes(
  response: ServerResponse,
  content: Content,
  { start, end }: Pick<SendPlan, 'start' | 'end'>,
  { met, onDrop }: Pick<Hindrance, 'met' | 'onDrop'>,
): Promise<void> {
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const hindered = met.some(({ fault }) => ['stall', 'drop', 'slow'].includes(fault.kind))
  if (hindered) response.flushHeaders()
  else if (content.path !== undefined) return await sendFilePart(response, content.path, { start, end })
  const source = content.open(start, end)
  try {
    const hindrance = { met, gone: gone.signal, onDrop }
    await pipeline(hindered ? Readable.from(hinder(source, start, hindrance)) : source, response)
  } catch {
    source.destroy()
    response.destroy()
  }
}

/**
 * Part of a file through one buffer, filled again when the socket has taken it: streams allocate one for each chunk, and what
 * many downloads leave behind makes the collector hold up every other answer.
 */
async function sendFilePart(
  response: ServerResponse,
  path: string,
  { start, end }: Pick<SendPlan, 'start' | 'end'>,
): Promise<void> {
  let wake = (): void => undefined
  response.once('close', () => wake())
  try {
    await using file = await open(path)
    const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, end - start))
    for (let at = start; at < end && !response.closed;) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - at), at)
      // Cut since it was offered: the client sees that it did not get all.
      if (bytesRead === 0) throw new Dropped()
      await new Promise<void>((resolve) => {
        wake = resolve
        response.write(buffer.subarray(0, bytesRead), () => resolve())
      })
      at += bytesRead
    }
    response.end()
  } catch {
    response.destroy()
  }
}

async function* hinder(source: Readable, start: number, hindrance: Hindrance): AsyncGenerator<Uint8Array> {
  const { gone } = hindrance
  let { met } = hindrance
  let at = start
  for await (const whole of source) {
    let rest = whole as Uint8Array
    while (rest.length > 0) {
      const next = rest.subarray(0, pieceAt(at, met))
      if (next.length === 0) {
        await meetPlace(at, { ...hindrance, met })
        // A stall that has ended is behind us.
        met = met.filter(({ fault }) => !isAt(fault, at))
        continue
      }
      yield next
      at += next.length
      rest = rest.subarray(next.length)
      await beSlow(next.length, met, gone)
    }
  }
  if (pieceAt(at, met) === 0) await meetPlace(at, { ...hindrance, met })
}

const isAt = (fault: UpdateFault, at: number): boolean =>
  (fault.kind === 'stall' || fault.kind === 'drop') && fault.atByte === at

/** Bytes that may go out before something happens; 0 when it happens here. */
function pieceAt(at: number, met: readonly MetFault[]): number {
  return met.reduce((most, { fault, ended }) => {
    if ((fault.kind === 'stall' || fault.kind === 'drop') && fault.atByte >= at)
      return Math.min(most, fault.atByte - at)
    if (fault.kind === 'slow' && !ended.aborted) return Math.min(most, Math.ceil(fault.bytesPerSecond / 10))
    return most
  }, Infinity)
}

async function meetPlace(at: number, { met, gone, onDrop }: Hindrance): Promise<void> {
  for (const { fault, ended } of met) {
    if (!isAt(fault, at)) continue
    if (fault.kind === 'stall') await untilEither(ended, gone)
    else if (!ended.aborted) {
      onDrop()
      throw new Dropped()
    }
  }
}

async function beSlow(bytes: number, met: readonly MetFault[], gone: AbortSignal): Promise<void> {
  for (const { fault, ended } of met) {
    if (fault.kind !== 'slow' || ended.aborted) continue
    await sleep((bytes / fault.bytesPerSecond) * 1000, AbortSignal.any([ended, gone])).catch(() => undefined)
  }
}

async function untilEither(ended: AbortSignal, gone: AbortSignal): Promise<void> {
  const either = AbortSignal.any([ended, gone])
  if (either.aborted) return
  await new Promise<void>((resolve) => either.addEventListener('abort', () => resolve(), { once: true }))
}
