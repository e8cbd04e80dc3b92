// Who may come in: only reading, only by our own name, never from a page of another origin, and with the token where one is
// asked for. Pure; nothing here is ever logged.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'

export interface Door {
  /** Undefined: none is asked for. */
  readonly token: string | undefined
  /** Whether the server is bound to a loopback address, and so has only names of this host. */
  readonly isLoopback: boolean
  /** Cookies know no ports: each server has its own name. */
  readonly cookie: string
}

export type Admission =
  | { readonly kind: 'welcome' }
  /** The token was in the address: it goes into a cookie, and out of the address. */
  | { readonly kind: 'enter'; readonly cookie: string; readonly location: string }
  | {
      readonly kind: 'refused'
      readonly status: 400 | 401 | 403 | 405
      readonly why: string
      readonly hint: string
    }

export interface Visit {
  readonly method: string
  /** Path and query. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
}

/** The name of the parameter with the token. */
export const TOKEN_PARAMETER = 'token'

/** A token that nobody guesses: 256 bits. */
export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

/** Whether an address to listen on is reached from this host only. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}

/** Judges one request. */
export function admit(door: Door, visit: Visit): Admission {
  const { method, target, headers } = visit
  if (method !== 'GET' && method !== 'HEAD')
    return refused(405, `${method} is not for here`, 'the dashboard only shows: GET and HEAD')
  const host = hostOf(headers.host)
  if (host === undefined) return refused(400, 'the request names no host', 'send a Host header')
  // DNS rebinding: a name of somebody else that leads to this address.
  if (door.isLoopback && !isLoopback(host))
    return refused(403, 'the request is for another host', 'open it as http://127.0.0.1 or http://localhost')
  if (isForeign(headers))
    return refused(403, 'the request comes from a page of another origin', 'open the address itself')
  return door.token === undefined ? { kind: 'welcome' } : byToken(door.token, door.cookie, target, headers)
}

function byToken(token: string, cookie: string, target: string, headers: IncomingHttpHeaders): Admission {
  const url = URL.parse(target, 'http://here')
  const given = url?.searchParams.get(TOKEN_PARAMETER)
  if (url !== null && given !== null && given !== undefined && isSame(given, token)) {
    url.searchParams.delete(TOKEN_PARAMETER)
    return {
      kind: 'enter',
      cookie: `${cookie}=${token}; HttpOnly; SameSite=Lax; Path=/`,
      // Never two slashes at its beginning: that would be another host.
      location: `/${url.pathname.replace(/^\/+/, '')}${url.search}`,
    }
  }
  const bearer = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1]
  if ([bearer, cookieIn(headers.cookie, cookie)].some((each) => each !== undefined && isSame(each, token)))
    return { kind: 'welcome' }
  return refused(401, 'a token is needed', 'open the address that "signalbox serve" has printed')
}

function refused(
  status: Extract<Admission, { kind: 'refused' }>['status'],
  why: string,
  hint: string,
): Admission {
  return { kind: 'refused', status, why, hint }
}

/** Without its port: a tunnel may lead here from another one. */
function hostOf(header: string | undefined): string | undefined {
  const bracketed = /^\[([0-9a-f:.]+)\](?::\d+)?$/i.exec(header ?? '')?.[1]
  const host = bracketed ?? /^([^:/@\s]+)(?::\d+)?$/.exec(header ?? '')?.[1]
  return host?.toLowerCase()
}

/** A link that somebody follows is no such request: what it opens, the other page cannot read. */
function isForeign(headers: IncomingHttpHeaders): boolean {
  const { origin, host } = headers
  if (origin !== undefined && URL.parse(origin)?.host !== host?.toLowerCase()) return true
  const site = headers['sec-fetch-site']
  if (site === undefined || site === 'same-origin' || site === 'none') return false
  return headers['sec-fetch-mode'] !== 'navigate' || headers['sec-fetch-dest'] !== 'document'
}

/** Compares in a time that says nothing about where they differ. */
function isSame(given: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}

function cookieIn(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=')
    if (at !== -1 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}
