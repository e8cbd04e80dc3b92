// Server-sent events as text (https://html.spec.whatwg.org/multipage/server-sent-events.html).

export interface Message {
  /** What the browser sends back as Last-Event-ID when it has lost us. */
  readonly id?: number
  readonly event: string
  readonly data: unknown
}

/** How long a browser waits before it comes again. */
const RETRY_MS = 1000

/** The first thing on a stream. */
export const GREETING = `retry: ${RETRY_MS}\n\n`

/** Keeps what is between us from closing a quiet stream. */
export const STILL_HERE = ': still here\n\n'

/** One message; its data is JSON and so one line. */
export function messageText({ id, event, data }: Message): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** Where to go on, from the header; 0 for what is no place. */
export function resumeFrom(header: string | string[] | undefined): number {
  const text = typeof header === 'string' ? header.trim() : ''
  const place = /^\d{1,15}$/.test(text) ? Number(text) : 0
  return Number.isSafeInteger(place) ? place : 0
}
