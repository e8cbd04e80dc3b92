// Watches a machine's console and journal for messages that mean trouble. It only collects; the attempt judges, since
// what is bad for one test is the point of another.

import { lineMatcher, type BadLine } from '../checks/patterns.ts'
import type { LogBuffer } from './machine-log.ts'

/** A line that matched a pattern of badness. */
export interface Hit {
  readonly source: 'console' | 'journal'
  readonly code: string
  readonly description: string
  readonly line: string
  /** It makes waiting pointless: a panic, an emergency shell. */
  readonly fatal: boolean
}

export interface Watch extends Disposable {
  /** All hits so far; the same message over and over counts at most 50 times. */
  readonly hits: readonly Hit[]
  /** How often the journal has said by now that a unit failed. */
  readonly unitFailures: number
  /** Calls for each fatal hit, those that were there before included. */
  onFatal(listener: (hit: Hit) => void): () => void
}

const MOST_HITS_A_CODE = 50

/**
 * What systemd logs of every unit that enters its failed state (its message d9b373ed55a64feb8242e02dbe79a49c); without a
 * process id when it came by the kernel's log, to which PID 1 turns when journald does not take its lines.
 */
const UNIT_FAILURE = /^systemd(?:\[1\])?: .{1,300}: Failed with result '/

/** Starts watching. */
export function watchLogs(console: LogBuffer, journal: LogBuffer, distro: string): Watch {
  const hits: Hit[] = []
  const counts = new Map<string, number>()
  const listeners = new Set<(hit: Hit) => void>()
  const lookIn = (source: 'console' | 'journal'): ((line: string) => void) => {
    const match = lineMatcher({ source, distro })
    return (line) => note(source, line, match(line))
  }
  const note = (source: 'console' | 'journal', line: string, found: readonly BadLine[]): void => {
    for (const bad of found) {
      const seen = (counts.get(bad.code) ?? 0) + 1
      counts.set(bad.code, seen)
      if (seen > MOST_HITS_A_CODE) continue
      const hit: Hit = {
        source,
        code: bad.code,
        description: bad.description,
        line,
        fatal: bad.severity === 'fatal',
      }
      hits.push(hit)
      if (hit.fatal) for (const listener of listeners) listener(hit)
    }
  }
  let unitFailures = 0
  const countFailures = (line: string): void => {
    if (UNIT_FAILURE.test(line)) unitFailures += 1
  }
  const stops = [
    console.listen(lookIn('console')),
    journal.listen(lookIn('journal')),
    journal.listen(countFailures),
  ]
  return {
    hits,
    get unitFailures() {
      return unitFailures
    },
    onFatal(listener) {
      listeners.add(listener)
      for (const hit of hits.filter(({ fatal }) => fatal)) listener(hit)
      return () => listeners.delete(listener)
    },
    [Symbol.dispose]() {
      for (const stop of stops) stop()
    },
  }
}

/** After a panic nobody is there to be asked; beside an emergency shell the agent still runs. */
export function isDead({ hits }: Watch): boolean {
  return hits.some(({ fatal, code }) => fatal && code !== 'emergency-shell')
}
