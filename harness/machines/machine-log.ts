// A machine's console or journal as tests see it: the lines so far and waiting for one to come.

import { currentAttempt } from '../running/context.ts'
import { abortable, startDeadline } from '../deadline.ts'
import type { MachineLog } from '../fixtures/fixtures.ts'
import { oneLine, plainText } from '../hostile-text.ts'

const KEPT_LINES = 20_000

/** The writing side of a log. */
export interface LogBuffer {
  readonly log: MachineLog
  /** Adds a line and hands it to everybody who listens. */
  readonly push: (line: string, atUs?: number) => void
  /** Calls for each line from now on, with its time where that is known, until the returned function is called. */
  listen(onLine: (line: string, atUs: number | undefined) => void): () => void
  /** The time of the last line that has one: microseconds of the machine's monotonic clock. */
  readonly latestUs: number | undefined
  tail(n: number): readonly string[]
}

/** Makes an empty log. `what` names it in timeouts: `the console of m0`. */
export function createLog(what: string, slowness: number): LogBuffer {
  const kept: string[] = []
  const listeners = new Set<(line: string, atUs: number | undefined) => void>()
  let latestUs: number | undefined
  const tail = (n: number): readonly string[] => kept.slice(-n)
  const listen = (onLine: (line: string, atUs: number | undefined) => void): (() => void) => {
    listeners.add(onLine)
    return () => listeners.delete(onLine)
  }
  const waitFor = async (
    pattern: RegExp | string,
    options: { readonly timeoutMs?: number } = {},
  ): Promise<string> => {
    const matches = (line: string): boolean =>
      typeof pattern === 'string'
        ? line.includes(pattern)
        : new RegExp(pattern.source, pattern.flags.replace('g', '')).test(line)
    const already = kept.find((line) => matches(line))
    if (already !== undefined) return already
    using deadline = startDeadline({
      phase: `${String(pattern)} on ${what}`,
      timeoutMs: (options.timeoutMs ?? 60_000) * slowness,
      signal: currentAttempt()?.signal,
      lastSeen: () => oneLine(kept.at(-1) ?? 'nothing'),
    })
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const stop = listen((line) => {
      if (matches(line)) resolve(line)
    })
    const onAbort = (): void => reject(deadline.signal.reason as Error)
    if (deadline.signal.aborted) onAbort()
    deadline.signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await promise
    } finally {
      stop()
    }
  }
  return {
    log: { lines: () => [...kept], waitFor },
    get latestUs() {
      return latestUs
    },
    push: (raw, atUs) => {
      latestUs = atUs ?? latestUs
      const line = plainText(raw)
      kept.push(line)
      if (kept.length > KEPT_LINES * 1.25) kept.splice(0, kept.length - KEPT_LINES)
      for (const listener of listeners) listener(line, atUs)
    },
    listen,
    tail,
  }
}

/** Waits for a line that contains `text`, already there or still to come; false when it does not come in time. */
export async function seesLine(
  log: LogBuffer,
  text: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const stop = log.listen((line) => {
    if (line.includes(text)) resolve(true)
  })
  if (log.tail(1000).some((line) => line.includes(text))) resolve(true)
  const timer = setTimeout(() => resolve(false), timeoutMs)
  try {
    return await abortable(promise, signal)
  } finally {
    clearTimeout(timer)
    stop()
  }
}

/** The last lines of a console for an error message, in one line. */
export function lastLinesOf(console: LogBuffer): string {
  const lines = console
    .tail(3)
    .map((line) => oneLine(line, 160))
    .filter((line) => line !== '')
  return lines.length === 0 ? 'nothing on the console' : `console: ${lines.join(' | ')}`
}

const SSH_HINT = /^sshd\[\d+\]: Server listening on |^systemd-networkd\[\d+\]: \S+: DHCPv4 address /

/** Calls for each line of a journal that says that sshd or the network has come up, until the returned function is called. */
export function onSshHint(journal: LogBuffer, onHint: () => void): () => void {
  return journal.listen((line) => {
    if (SSH_HINT.test(line)) onHint()
  })
}
