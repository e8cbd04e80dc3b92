// The events that update clients reported, out of the requests that carried them.

import { eventResultText, eventTypeText } from './omaha/words.ts'
import type { UpdateRequest } from './records.ts'

/** One reported event, with who reported it. Texts come from a guest. */
export interface OmahaEvent {
  /** Name of its type, or the number: `update-complete`. */
  readonly type: string
  /** Name of its result, or the number: `success`. */
  readonly result: string
  readonly typeNumber: number
  readonly resultNumber: number
  readonly errorCode: number | undefined
  /** What ran before an update, as the new system says it. */
  readonly previousVersion: string | undefined
  readonly appId: string
  /** Of the running system. */
  readonly version: string
  readonly track: string
  readonly machineId: string
  /** Milliseconds since the server was started. */
  readonly atMs: number
}

export function eventsOf(requests: readonly UpdateRequest[]): readonly OmahaEvent[] {
  return requests.flatMap(({ omaha, atMs }) =>
    omaha.flatMap(({ events, appId, version, track, machineId }) =>
      events.map(({ type, result, errorCode, previousVersion }) => ({
        type: eventTypeText(type),
        result: eventResultText(result),
        typeNumber: type,
        resultNumber: result,
        errorCode,
        previousVersion,
        appId,
        version,
        track,
        machineId,
        atMs,
      })),
    ),
  )
}
