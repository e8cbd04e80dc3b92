// An answer as data, and how it is written: with headers that let a browser do nothing with it but show it.

import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'

export type Answer =
  | {
      readonly kind: 'page'
      readonly status: number
      readonly text: string
      /** Its content security policy. */
      readonly policy: string
    }
  /** A file that a run has left; the end of its name says what it is. */
  | { readonly kind: 'file'; readonly path: string; readonly contentType: string }
  | { readonly kind: 'redirect'; readonly location: string; readonly cookie?: string }
  /** Server-sent events, framed, for as long as somebody listens. */
  | { readonly kind: 'events'; readonly messages: (signal: AbortSignal) => AsyncIterable<string> }

const always: Readonly<Record<string, string>> = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
}

/** Nothing may act in it, and nobody may frame it. */
const NOTHING = "default-src 'none'; sandbox; frame-ancestors 'none'"

/** Writes an answer. `ended`: when the server ends. */
export async function write(
  answer: Answer,
  request: IncomingMessage,
  response: ServerResponse,
  ended: AbortSignal,
): Promise<void> {
  const isHead = request.method === 'HEAD'
  switch (answer.kind) {
    case 'page':
      response.writeHead(answer.status, {
        ...always,
        'Content-Type': 'text/html; charset=utf-8',
        'Content-Security-Policy': `${answer.policy}; frame-ancestors 'none'`,
        ...(answer.status === 405 ? { Allow: 'GET, HEAD' } : {}),
      })
      response.end(isHead ? undefined : answer.text)
      return
    case 'redirect':
      response.writeHead(303, {
        ...always,
        'Content-Security-Policy': NOTHING,
        Location: answer.location,
        ...(answer.cookie === undefined ? {} : { 'Set-Cookie': answer.cookie }),
      })
      response.end()
      return
    case 'file':
      response.writeHead(200, {
        ...always,
        'Content-Type': answer.contentType,
        'Content-Security-Policy': NOTHING,
      })
      if (isHead) response.end()
      else await pipeline(createReadStream(answer.path), response)
      return
    case 'events':
      response.writeHead(200, {
        ...always,
        'Content-Type': 'text/event-stream; charset=utf-8',
        'Content-Security-Policy': NOTHING,
        'X-Accel-Buffering': 'no',
      })
      if (isHead) response.end()
      else await writeEvents(answer.messages, response, ended)
      return
    default:
      answer satisfies never
  }
}

async function writeEvents(
  messages: (signal: AbortSignal) => AsyncIterable<string>,
  response: ServerResponse,
  ended: AbortSignal,
): Promise<void> {
  const gone = new AbortController()
  const leave = (): void => gone.abort()
  response.once('close', leave)
  response.flushHeaders()
  const signal = AbortSignal.any([gone.signal, ended])
  for await (const message of messages(signal)) {
    if (signal.aborted) break
    if (!response.write(message)) await once(response, 'drain', { signal }).catch(() => undefined)
  }
  response.end()
}
