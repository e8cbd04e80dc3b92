// A request to the update server as an event of the attempt that runs.

import type { AttemptRef, EventBody } from '../events.ts'
import {
  eventResultText,
  eventTypeText,
  type OmahaExchange,
  type UpdateRequest,
} from '../update-server/index.ts'

type RequestEvent = Extract<EventBody, { type: 'update.request' }>
type ExchangeOfEvent = NonNullable<RequestEvent['apps']>[number]

export function requestEvent(attempt: AttemptRef, request: UpdateRequest): RequestEvent {
  const { method, path, status, state, range, bytes, durationMs, faults, refused, omaha } = request
  return {
    type: 'update.request',
    attempt,
    method,
    path,
    ...(status === undefined ? {} : { status }),
    // It is over when this is called.
    end: state === 'open' ? 'gone' : state,
    ...(range === undefined ? {} : { range }),
    bytes,
    durationMs,
    ...(faults.length === 0 ? {} : { faults }),
    ...(refused === undefined ? {} : { refused }),
    ...(omaha.length === 0 ? {} : { apps: omaha.map(exchange) }),
  }
}

function exchange(one: OmahaExchange): ExchangeOfEvent {
  const { appId, version, track, machineId, status, check, offered, events } = one
  return {
    appId,
    version,
    track,
    machineId,
    status,
    ...(check === undefined ? {} : { check }),
    ...(offered === undefined ? {} : { offered }),
    ...(events.length === 0
      ? {}
      : {
          events: events.map(({ type, result, errorCode, previousVersion }) => ({
            type: eventTypeText(type),
            result: eventResultText(result),
            ...(errorCode === undefined ? {} : { errorCode }),
            ...(previousVersion === undefined ? {} : { previousVersion }),
          })),
        }),
  }
}
