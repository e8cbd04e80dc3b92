// When a service counts as started: a URL answers, a port accepts, or a line was said.

import { connect } from 'node:net'
import { sleep } from '../deadline.ts'

export type Ready =
  /** Answers with a status from 200 to 403. */
  | { readonly kind: 'url'; readonly url: string }
  /** Of 127.0.0.1. */
  | { readonly kind: 'port'; readonly port: number }
  | { readonly kind: 'line'; readonly pattern: string | RegExp }
  | { readonly kind: 'started' }

/** As it reads after "waiting for". */
export function readyText(ready: Ready): string {
  switch (ready.kind) {
    case 'url':
      return ready.url
    case 'port':
      return `port ${ready.port}`
    case 'line':
      return `a line with ${typeof ready.pattern === 'string' ? JSON.stringify(ready.pattern) : String(ready.pattern)}`
    case 'started':
      return 'its start'
    default:
      return ready satisfies never
  }
}

/** Whether somebody answers there now; `undefined` where nobody can be asked. */
export async function answers(ready: Ready, signal: AbortSignal): Promise<boolean | undefined> {
  switch (ready.kind) {
    case 'url':
      return await urlAnswers(ready.url, signal)
    case 'port':
      return await portAccepts(ready.port)
    case 'line':
    case 'started':
      return undefined
    default:
      return ready satisfies never
  }
}

/** Whether a line makes it ready. */
export function saysReady(ready: Ready, line: string): boolean {
  if (ready.kind !== 'line') return false
  if (typeof ready.pattern === 'string') return line.includes(ready.pattern)
  // A pattern with the flag g remembers where it stopped.
  return new RegExp(ready.pattern.source, ready.pattern.flags.replace(/[gy]/g, '')).test(line)
}

/** Asks until somebody answers. */
export async function untilAnswers(ready: Ready, signal: AbortSignal): Promise<void> {
  for (let pauseMs = 20; (await answers(ready, signal)) !== true; pauseMs = Math.min(500, pauseMs * 1.5)) {
    signal.throwIfAborted()
    await sleep(pauseMs, signal)
  }
}

async function urlAnswers(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(5_000)])
    const response = await fetch(url, { redirect: 'manual', signal: limit })
    await response.body?.cancel()
    return response.status >= 200 && response.status < 404
  } catch {
    return false
  }
}

async function portAccepts(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ host: '127.0.0.1', port, timeout: 5_000 })
  socket.once('connect', () => resolve(true))
  socket.once('timeout', () => resolve(false))
  socket.once('error', () => resolve(false))
  const accepted = await promise
  socket.destroy()
  return accepted
}
