// The time that a cluster's network gives out: this host's, changed as a test wants it, and who asked for it.

import { UsageError } from '../../harness/errors.ts'
import { addressText } from './addresses.ts'
import { answerNtp, leapWarnings, type LeapWarning } from './time.ts'

/** One answered request. */
export interface TimeRequest {
  /** The machine's name; its address when it is no machine's. */
  readonly from: string
  /** How far the time that it got was from the host's. */
  readonly offsetMs: number
  readonly leap: LeapWarning
}

export interface NetworkClock {
  /** What was asked so far, in order; the last 10,000. */
  readonly requests: readonly TimeRequest[]
  /** Changes what is answered from now on; what is not given is 0 and `none`. Throws UsageError for what is neither. */
  set(time: { readonly offsetMs?: number; readonly leap?: LeapWarning }): void
}

const REQUESTS_KEPT = 10_000
// A thousand years: what NTP can say starts anew every 136.
const MAX_OFFSET_MS = 1000 * 365.25 * 86_400_000

/** The clock, and the answer to a request from that address. */
export function openClock(options: {
  readonly nowMs: () => number
  readonly nameOf: (address: Buffer) => string | undefined
}): NetworkClock & { answer(request: Buffer, source: Buffer): Buffer | undefined } {
  const { nowMs, nameOf } = options
  const requests: TimeRequest[] = []
  let offsetMs = 0
  let leap: LeapWarning = 'none'
  return {
    requests,
    set: (time) => {
      const { offsetMs: nextOffset = 0, leap: nextLeap = 'none' } = time
      if (!Number.isFinite(nextOffset) || Math.abs(nextOffset) > MAX_OFFSET_MS) {
        throw new UsageError(`${nextOffset} is no offset in milliseconds`, { code: 'bad-time' })
      }
      if (!leapWarnings.includes(nextLeap)) {
        throw new UsageError(`${nextLeap} is no leap warning: expected ${leapWarnings.join(', ')}`, {
          code: 'bad-time',
        })
      }
      offsetMs = nextOffset
      leap = nextLeap
    },
    answer: (request, source) => {
      const answer = answerNtp(request, { nowMs: nowMs() + offsetMs, leap })
      if (answer === undefined) return undefined
      requests.push({ from: nameOf(source) ?? addressText(source), offsetMs, leap })
      if (requests.length > REQUESTS_KEPT) requests.shift()
      return answer
    },
  }
}
