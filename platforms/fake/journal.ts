// The journal of a fake machine on its side channel: what PID 1 logs, as late as the machine's behaviour says.

import type { LineFeed } from '../../harness/machine.ts'
import { createFeed } from './feed.ts'

export interface FakeJournal {
  /** Undefined: the machine has no such channel. */
  readonly channel: LineFeed | undefined
  /** PID 1 logs a line. */
  log(message: string): void
}

/** Microseconds of the monotonic clock that all fake machines share. */
export const clockUs = (): number => Math.round(performance.now() * 1000)

/** Opens it; lines arrive in their order. */
export function createJournal(lagMs: number | undefined): FakeJournal {
  if (lagMs === undefined) return { channel: undefined, log: () => undefined }
  const channel = createFeed()
  const push = (message: string, atUs: number): void => {
    const entry = {
      __MONOTONIC_TIMESTAMP: String(atUs),
      SYSLOG_IDENTIFIER: 'systemd',
      _PID: '1',
      MESSAGE: message,
    }
    channel.push(JSON.stringify(entry))
  }
  push('Startup finished in 1s.', clockUs())
  return {
    channel,
    log: (message) => {
      const atUs = clockUs()
      setTimeout(() => push(message, atUs), lagMs).unref()
    },
  }
}
