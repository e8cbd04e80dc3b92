// Expectations about what update clients told the update server. They look at what it remembers, again and again.

import { eventResults, eventTypes } from '../update-server/index.ts'
import type {
  EventResultName,
  EventTypeName,
  OmahaEvent,
  UpdateRequest,
  UpdateServer,
} from '../update-server/index.ts'
import type { MatcherOptions, RetriedMatcher } from './retry.ts'

/** What of an event is looked at; what is left out may be anything. */
export interface EventExpectation extends MatcherOptions {
  readonly type?: EventTypeName | number
  readonly result?: EventResultName | number
  readonly errorCode?: number
  readonly previousVersion?: string
  /** Of the system that reports. */
  readonly version?: string
  readonly appId?: string
  readonly track?: string
  readonly machineId?: string
  /** Exactly so many of them; default: at least one. */
  readonly times?: number
}

/** What of a request is looked at; what is left out may be anything. */
export interface RequestExpectation extends MatcherOptions {
  readonly method?: string
  /** The whole path, or a pattern that it matches. */
  readonly path?: string | RegExp
  readonly status?: number
  readonly state?: UpdateRequest['state']
  /** One of its applications was offered this version. */
  readonly offered?: string
  /** Exactly so many of them; default: at least one. */
  readonly times?: number
}

export const updateServerMatchers = {
  /** A client has reported such an event over Omaha. */
  toHaveReceivedEvent(server: UpdateServer, wanted: EventExpectation = {}): RetriedMatcher {
    const { timeoutMs: _, times, type, result, ...texts } = wanted
    const typeNumber = typeof type === 'string' ? eventTypes[type] : type
    const resultNumber = typeof result === 'string' ? eventResults[result] : result
    const same = sameIn<OmahaEvent>({ ...texts, typeNumber, resultNumber })
    return {
      expected: `${countText(times)}event${factsText({ type, result, ...texts })}`,
      options: wanted,
      probe: async () =>
        await Promise.resolve(look(server.events(), same, times, eventText, 'no event was reported')),
    }
  },

  /** A client has made such a request, of files or of Omaha. */
  toHaveReceivedRequest(server: UpdateServer, wanted: RequestExpectation = {}): RetriedMatcher {
    const { timeoutMs: _, times, path, offered, ...facts } = wanted
    const same = sameIn<UpdateRequest>(facts)
    const fits = (request: UpdateRequest): boolean =>
      same(request) &&
      (path === undefined ||
        (typeof path === 'string' ? request.path === path : request.path.search(path) !== -1)) &&
      (offered === undefined || request.omaha.some((app) => app.offered === offered))
    return {
      expected: `${countText(times)}request${factsText({ ...facts, path, offered })}`,
      options: wanted,
      probe: async () =>
        await Promise.resolve(look(server.requests(), fits, times, requestText, 'nothing was asked')),
    }
  },
} as const

const SHOWN = 12

function look<T>(
  all: readonly T[],
  fits: (one: T) => boolean,
  times: number | undefined,
  text: (one: T) => string,
  nothing: string,
): { readonly pass: boolean; readonly seen: string } {
  const found = all.filter(fits).length
  const last = all.slice(-SHOWN).map(text)
  const before = all.length - last.length
  const seen = [...(before > 0 ? [`${before} before`] : []), ...last].join('; ')
  return {
    pass: times === undefined ? found > 0 : found === times,
    seen: all.length === 0 ? nothing : `${found} of ${all.length}: ${seen}`,
  }
}

/** Whether all facts that are given are so. */
function sameIn<T>(facts: { readonly [K in keyof T]?: T[K] | undefined }): (one: T) => boolean {
  const given = Object.entries(facts).filter(([, value]) => value !== undefined)
  return (one) => given.every(([name, value]) => one[name as keyof T] === value)
}

function countText(times: number | undefined): string {
  return times === undefined ? 'to have received an ' : `to have received exactly ${times} of an `
}

function factsText(facts: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(facts).filter(([, value]) => value !== undefined)
  return given.length === 0
    ? ''
    : ` with ${given.map(([name, value]) => `${name} ${String(value)}`).join(', ')}`
}

function eventText({ type, result, errorCode, previousVersion, version }: OmahaEvent): string {
  const error = errorCode === undefined ? '' : ` (error ${errorCode})`
  const from = previousVersion === undefined ? '' : ` from ${previousVersion}`
  return `${type}: ${result}${error} by ${version}${from}`
}

function requestText({ method, path, status, state, refused }: UpdateRequest): string {
  const why = refused === undefined ? '' : ` (${refused})`
  return `${method} ${path} ${state === 'answered' ? status : state}${why}`
}
