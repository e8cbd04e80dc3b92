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
  /** When the journal has it: microseconds of the machine's monotonic clock. */
  readonly atUs?: number
  /** It makes waiting pointless: a panic, an emergency shell. */
  readonly fatal: boolean
}

export interface Watch extends Disposable {
  /** All hits so far; the same message over and over counts at most 50 times. */
  readonly hits: readonly Hit[]
  /** Calls for each fatal hit, those that were there before included. */
  onFatal(listener: (hit: Hit) => void): () => void
}

const MOST_HITS_A_CODE = 50

/** Starts watching. */
export function watchLogs(console: LogBuffer, journal: LogBuffer, distro: string): Watch {
  const hits: Hit[] = []
  const counts = new Map<string, number>()
  const listeners = new Set<(hit: Hit) => void>()
  const lookIn = (source: 'console' | 'journal'): ((line: string, atUs: number | undefined) => void) => {
    const match = lineMatcher({ source, distro })
    return (line, atUs) => note({ source, line, ...(atUs === undefined ? {} : { atUs }) }, match(line))
  }
  const note = (said: Pick<Hit, 'source' | 'line' | 'atUs'>, found: readonly BadLine[]): void => {
    for (const bad of found) {
      const seen = (counts.get(bad.code) ?? 0) + 1
      counts.set(bad.code, seen)
      if (seen > MOST_HITS_A_CODE) continue
      const hit: Hit = {
        ...said,
        code: bad.code,
        description: bad.description,
        fatal: bad.severity === 'fatal',
      }
      hits.push(hit)
      if (hit.fatal) for (const listener of listeners) listener(hit)
    }
  }
  const stops = [console.listen(lookIn('console')), journal.listen(lookIn('journal'))]
  return {
    hits,
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
