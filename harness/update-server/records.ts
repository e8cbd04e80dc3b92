// What was asked of the server: every request, from the moment it is understood; at most the last 10,000.

import type { UpdateFault } from './faults.ts'
import type { ReportedEvent } from './omaha/request.ts'
import type { AnsweredApp } from './omaha/answer.ts'
import type { AppStatus, UpdateCheckStatus } from './omaha/words.ts'

/** What one application asked and was told. Texts come from a guest: cleaned and bounded, still not to be believed. */
export interface OmahaExchange {
  readonly appId: string
  readonly version: string
  readonly track: string
  readonly machineId: string
  readonly bootId: string
  readonly oem: string
  readonly ping: boolean
  readonly status: AppStatus
  /** Of its update check; undefined when it did not ask. */
  readonly check: UpdateCheckStatus | undefined
  /** The version that it was offered. */
  readonly offered: string | undefined
  readonly events: readonly ReportedEvent[]
}

export interface UpdateRequest {
  readonly method: string
  readonly path: string
  readonly secure: boolean
  readonly userAgent: string
  /** The header `Range`. */
  readonly range: string | undefined
  /** Milliseconds since the server was started. */
  readonly atMs: number
  readonly durationMs: number
  /** `open` while it is answered; `dropped` by a fault; `gone` when the client left before the end. */
  readonly state: 'open' | 'answered' | 'dropped' | 'gone'
  /** Of HTTP; undefined when there was none. */
  readonly status: number | undefined
  /** Sent so far, headers included; what the client has may be less. */
  readonly bytes: number
  /** The faults that it met. */
  readonly faults: readonly UpdateFault['kind'][]
  /** Why the server did not want it. */
  readonly refused: string | undefined
  readonly omaha: readonly OmahaExchange[]
}

/** A record that is being written. */
export type OpenRecord = { -readonly [K in keyof UpdateRequest]: UpdateRequest[K] }

const KEPT = 10_000

export interface Records {
  /** A copy, as it is now. */
  list(): readonly UpdateRequest[]
  add(record: OpenRecord): void
  /** How many there were in all. */
  readonly count: number
}

export function openRecords(): Records {
  const kept: OpenRecord[] = []
  let count = 0
  return {
    list: () => kept.map((record) => ({ ...record })),
    add(record) {
      count += 1
      kept.push(record)
      // In one go: to shift each time costs more than the request.
      if (kept.length > KEPT * 2) kept.splice(0, kept.length - KEPT)
    },
    get count() {
      return count
    },
  }
}

export function exchangeOf({ app, status, check, release }: AnsweredApp): OmahaExchange {
  const { appId, version, track, machineId, bootId, oem, ping, events } = app
  return {
    appId: appId ?? '',
    version,
    track,
    machineId,
    bootId,
    oem,
    ping,
    status,
    check,
    offered: release?.version,
    events,
  }
}
