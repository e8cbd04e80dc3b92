// What the server does wrong on purpose, and to which requests.

import { UsageError } from '../errors.ts'
import type { AppStatus, UpdateCheckStatus } from './omaha/words.ts'

/** One way to misbehave. Places are those of the file: a client that goes on from there is past it. */
export type UpdateFault =
  /** An HTTP status instead of an answer: 404, 500, 503. */
  | { readonly kind: 'status'; readonly status: number }
  /** Omaha's answer and SHA256SUMS (rightly signed) declare hashes of something else. */
  | { readonly kind: 'wrong-hash' }
  /** SHA256SUMS.gpg is by a key that nobody has. */
  | { readonly kind: 'wrong-signature' }
  /** One byte of the file is another, in its middle. */
  | { readonly kind: 'corrupt' }
  /** The file ends there, and HTTP says that this is all of it. */
  | { readonly kind: 'truncate'; readonly atByte: number }
  /** Nothing more comes after that, with the connection open, until the fault ends. */
  | { readonly kind: 'stall'; readonly atByte: number }
  /** The connection is closed after that. */
  | { readonly kind: 'drop'; readonly atByte: number }
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** Omaha's status of every application asked for. */
  | { readonly kind: 'app-status'; readonly app: AppStatus }
  /** Omaha's status of every update check. */
  | { readonly kind: 'check-status'; readonly check: UpdateCheckStatus }

export interface FaultScope {
  /** Only the first so many requests; default: all until `end()`. */
  readonly times?: number
  /**
   * Only requests for this path (whole, or the last part of it) or for those that match. Default: every request for `status`, the
   * files without SHA256SUMS for what is wrong with content.
   */
  readonly path?: string | RegExp
}

/** A fault that is on. */
export interface ActiveFault extends Disposable {
  /** Requests that it was done to. */
  readonly hits: number
  end(): void
}

/** A fault as it meets a request. */
export interface MetFault {
  readonly fault: UpdateFault
  /** Aborts when the fault ends. */
  readonly ended: AbortSignal
}

export type RequestKind = 'omaha' | 'file' | 'sums' | 'other'

export interface Faults {
  add(fault: UpdateFault, scope?: FaultScope): ActiveFault
  /** The faults that a request meets now; each is counted. `start` is the first byte that the client wants. */
  meet(request: {
    readonly kind: RequestKind
    readonly path: string
    readonly start: number
  }): readonly MetFault[]
  endAll(): void
}

interface Entry {
  readonly fault: UpdateFault
  readonly scope: FaultScope
  readonly ended: AbortController
  hits: number
}

export function openFaults(): Faults {
  const entries = new Set<Entry>()
  const end = (entry: Entry): void => {
    entries.delete(entry)
    entry.ended.abort()
  }
  return {
    add(fault, scope = {}) {
      requireSense(fault, scope)
      const entry: Entry = { fault, scope, ended: new AbortController(), hits: 0 }
      entries.add(entry)
      return {
        get hits() {
          return entry.hits
        },
        end: () => end(entry),
        [Symbol.dispose]: () => end(entry),
      }
    },
    meet(request) {
      const met = [...entries].filter(
        ({ fault, scope, hits }) => hits < (scope.times ?? Infinity) && concerns(fault, scope, request),
      )
      for (const entry of met) entry.hits += 1
      return met.map(({ fault, ended }) => ({ fault, ended: ended.signal }))
    },
    endAll() {
      for (const entry of entries) end(entry)
    },
  }
}

function requireSense(fault: UpdateFault, { times }: FaultScope): void {
  const wrong =
    (times !== undefined && !(Number.isInteger(times) && times > 0)) ||
    ('atByte' in fault && !(Number.isInteger(fault.atByte) && fault.atByte >= 0)) ||
    (fault.kind === 'slow' && !(fault.bytesPerSecond > 0)) ||
    (fault.kind === 'status' &&
      !(Number.isInteger(fault.status) && fault.status >= 400 && fault.status < 600))
  if (!wrong) return
  throw new UsageError(
    `the update server cannot misbehave like that: ${JSON.stringify({ ...fault, times })}`,
    {
      code: 'update-fault',
      hint: 'bytes and counts are whole numbers, a status is between 400 and 599',
    },
  )
}

function concerns(
  fault: UpdateFault,
  { path: wanted }: FaultScope,
  { kind, path, start }: { readonly kind: RequestKind; readonly path: string; readonly start: number },
): boolean {
  if (wanted !== undefined && !fits(path, wanted)) return false
  switch (fault.kind) {
    case 'status':
      return true
    case 'wrong-hash':
      return kind === 'omaha' || kind === 'sums'
    case 'wrong-signature':
      return kind === 'sums'
    case 'app-status':
    case 'check-status':
      return kind === 'omaha'
    case 'stall':
    case 'drop':
      // A client that goes on where it was cut off is past it.
      return (start < fault.atByte || start === 0) && isContent(kind, wanted)
    case 'corrupt':
    case 'truncate':
    case 'slow':
      return isContent(kind, wanted)
    default:
      return fault satisfies never
  }
}

const isContent = (kind: RequestKind, wanted: string | RegExp | undefined): boolean =>
  kind === 'file' || (kind === 'sums' && wanted !== undefined)

function fits(path: string, wanted: string | RegExp): boolean {
  if (typeof wanted !== 'string') return path.search(wanted) !== -1
  return path === wanted || path.endsWith(`/${wanted}`)
}
