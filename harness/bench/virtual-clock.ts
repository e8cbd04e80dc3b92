// Time that passes only when everything that could happen has happened: hours of a schedule in a second. Work that
// waits for real input or output does not count as something that could happen.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { openHeap } from '../plan/heap.ts'
import type { Clock } from '../plan/schedule.ts'

export interface VirtualClock extends Clock {
  /** As `Clock.sleep`, also for what is never aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Lets time pass until nothing sleeps any more. */
  run(): Promise<void>
}

interface Sleeper {
  readonly atMs: number
  readonly sequence: number
  readonly wake: () => void
}

/** Opens a clock that stands at 0. Sleepers wake in the order of their times, those of one time as they fell asleep. */
export function openVirtualClock(): VirtualClock {
  const sleepers = openHeap<Sleeper>(
    (a, b) => a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence),
  )
  const aborted = new WeakSet<Sleeper>()
  let nowMs = 0
  let sequence = 0
  return {
    now: () => nowMs,
    async sleep(ms, signal) {
      signal?.throwIfAborted()
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const sleeper: Sleeper = { atMs: nowMs + Math.max(0, ms), sequence, wake: resolve }
      sequence += 1
      sleepers.push(sleeper)
      const onAbort = (): void => {
        aborted.add(sleeper)
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      try {
        await promise
      } finally {
        signal?.removeEventListener('abort', onAbort)
      }
    },
    async run() {
      for (;;) {
        // A turn of the event loop: every promise that is already settled has been followed to its end.
        await nextTurn()
        const next = sleepers.pop()
        if (next === undefined) return
        if (aborted.has(next)) continue
        nowMs = next.atMs
        next.wake()
      }
    },
  }
}
