// Several event streams -> one. Merging is concatenation: runs keep their identity, and the result is the same
// whichever order the parts come in.

import type { SignalboxEvent } from '../harness/events.ts'
import { findEventFiles, readEventFile } from './read-events.ts'
import type { Notice } from './run-summary.ts'

export interface Merged {
  /** Run by run in the order they began, each in the order of its stream. */
  readonly events: readonly SignalboxEvent[]
  readonly notices: readonly Notice[]
}

/** Merges event lists. An event that is there twice, by run and sequence number, is kept once. */
export function mergeEvents(streams: Iterable<Iterable<SignalboxEvent>>): Merged {
  const runs = new Map<string, Map<number, SignalboxEvent>>()
  const conflicts = new Map<string, number>()
  for (const stream of streams)
    for (const event of stream) {
      let run = runs.get(event.run)
      if (run === undefined) {
        run = new Map()
        runs.set(event.run, run)
      }
      const known = run.get(event.seq)
      if (known === undefined) {
        run.set(event.seq, event)
        continue
      }
      const [one, other] = [JSON.stringify(known), JSON.stringify(event)]
      if (one === other) continue
      conflicts.set(event.run, (conflicts.get(event.run) ?? 0) + 1)
      if (other < one) run.set(event.seq, event)
    }
  const ordered = [...runs.values()]
    .map((run) => [...run.values()].toSorted((a, b) => a.seq - b.seq))
    .toSorted((a, b) => compare(startOf(a), startOf(b)))
  const notices = [...conflicts]
    .toSorted(([a], [b]) => compare(a, b))
    .map(([run, count]): Notice => ({
      level: 'warning',
      code: 'events-conflict',
      message: `run ${run}: ${count} events differ between the merged files under the same number; one of each is kept`,
    }))
  return { events: ordered.flat(), notices }
}

/**
 * Merges event files, run folders and folders of run folders.
 *
 * @throws UsageError as `findEventFiles` and `readEvents` do.
 */
export async function mergePaths(paths: readonly string[]): Promise<Merged> {
  const files = new Set((await Promise.all(paths.map(findEventFiles))).flat())
  const parts = []
  for (const file of [...files].toSorted()) parts.push(await readEventFile(file))
  const merged = mergeEvents(parts.map((part) => part.events))
  return {
    events: merged.events,
    notices: [...parts.flatMap((part) => part.notices), ...merged.notices],
  }
}

/** The lines of a merged `events.jsonl`, each with its newline. */
export function* eventLines(events: Iterable<SignalboxEvent>): Generator<string> {
  for (const event of events) yield `${JSON.stringify(event)}\n`
}

function startOf(events: readonly SignalboxEvent[]): string {
  const first = events[0]
  return first === undefined ? '' : `${first.at} ${first.run}`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
