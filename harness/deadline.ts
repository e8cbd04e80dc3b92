// Deadlines: every wait has an owner, a budget in milliseconds and a name, and says what it last saw when it ends.
// Durations are measured on the monotonic clock.

import { setTimeout as sleepFor } from 'node:timers/promises'

/** Thrown when a deadline passes. `phase` names the wait; the message carries the last thing seen. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError'
  readonly code = 'timeout'
  readonly phase: string
  readonly timeoutMs: number
  constructor(phase: string, timeoutMs: number, lastSeen?: string) {
    const seen = lastSeen === undefined || lastSeen === '' ? '' : `; last seen: ${lastSeen}`
    super(`waited ${formatSeconds(timeoutMs)} for ${phase}${seen}`)
    this.phase = phase
    this.timeoutMs = timeoutMs
  }
}

export interface DeadlineOptions {
  /** What is waited for, as it reads after "waited 90 s for". */
  readonly phase: string
  readonly timeoutMs: number
  /** An outer signal; its abort ends this deadline with the outer reason. */
  readonly signal?: AbortSignal | undefined
  /** Asked when the deadline passes, for the message. */
  readonly lastSeen?: (() => string | undefined) | undefined
}

/** A running deadline. `signal` aborts with a `TimeoutError`, or with the outer signal's reason. */
export interface Deadline extends Disposable {
  readonly phase: string
  readonly signal: AbortSignal
  remainingMs(): number
  /** Stops the clock until the returned is disposed, for as long as a person has the machine. Holds may overlap. */
  hold(): Disposable
}

/** Starts a deadline; dispose it (`using`) when the work is done. */
export function startDeadline(options: DeadlineOptions): Deadline {
  const { phase, timeoutMs, signal: outer, lastSeen } = options
  const controller = new AbortController()
  let leftMs = timeoutMs
  let startedAt = performance.now()
  let holds = 0
  let timer: NodeJS.Timeout | undefined
  const remainingMs = (): number => Math.max(0, leftMs - (holds > 0 ? 0 : performance.now() - startedAt))
  const run = (): void => {
    startedAt = performance.now()
    if (!Number.isFinite(leftMs)) return
    timer = setTimeout(
      () => controller.abort(new TimeoutError(phase, timeoutMs, lastSeen?.())),
      Math.min(leftMs, 2 ** 31 - 1),
    )
  }
  run()
  const onOuter = (): void => controller.abort(outer?.reason)
  if (outer?.aborted === true) onOuter()
  else outer?.addEventListener('abort', onOuter, { once: true })
  let disposed = false
  return {
    phase,
    signal: controller.signal,
    remainingMs,
    hold() {
      leftMs = remainingMs()
      holds += 1
      clearTimeout(timer)
      let held = true
      return {
        [Symbol.dispose]() {
          if (!held) return
          held = false
          holds -= 1
          if (holds === 0 && !disposed) run()
        },
      }
    },
    [Symbol.dispose]() {
      disposed = true
      clearTimeout(timer)
      outer?.removeEventListener('abort', onOuter)
    },
  }
}

/** Runs `work` under a deadline. The result of work that ignores the signal is dropped when the deadline passes. */
export async function withDeadline<T>(
  options: DeadlineOptions,
  work: (deadline: Deadline) => Promise<T>,
): Promise<T> {
  using deadline = startDeadline(options)
  return await abortable(work(deadline), deadline.signal)
}

/** Settles as `promise` does, or rejects with the signal's reason as soon as it aborts. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) {
    promise.catch(() => undefined)
    throw signal.reason
  }
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Sleeps; rejects with the signal's reason when aborted. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await sleepFor(ms, undefined, signal === undefined ? {} : { signal })
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error
  }
}

/** Milliseconds as people read them: `0.4 s`, `12 s`, `3 min 5 s`. */
export function formatSeconds(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)} min ${whole % 60} s`
}
