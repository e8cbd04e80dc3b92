// Several event streams -> one. Merging is concatenation: runs keep their identity, and the result is the same
// whichever order the parts come in. Files that events name are found again from where the result lies.

import { existsSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'

import { UsageError } from '../harness/errors.ts'
import type { SignalboxEvent } from '../harness/events.ts'
import { EVENT_FILE, findEventFiles, readEventFile } from './read-events.ts'
import type { Notice } from './run-summary.ts'

export interface Merged {
  /** Run by run in the order they began, each in the order of its stream. */
  readonly events: readonly SignalboxEvent[]
  readonly notices: readonly Notice[]
}

/** Which of two paths of the same file to keep. Must not depend on their order. */
export type ChoosePath = (one: string, other: string) => string

const smaller: ChoosePath = (one, other) => (other < one ? other : one)

/**
 * Merges event lists. An event that is there twice, by run and sequence number, is kept once; where the two name the same
 * file at different places, `choose` says which counts (default: the smaller path).
 */
export function mergeEvents(
  streams: Iterable<Iterable<SignalboxEvent>>,
  choose: ChoosePath = smaller,
): Merged {
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
      const [one, other] = [textOf(known), textOf(event)]
      if (one === other) {
        if (known.type === 'attachment' && event.type === 'attachment')
          run.set(event.seq, { ...known, path: choose(known.path, event.path) })
        continue
      }
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

export interface MergePathsOptions {
  /** The folder in which the result will lie: paths of files are made relative to it. Default: they stay as they are. */
  readonly output?: string
}

/**
 * Merges event files, run folders and folders of run folders. A result of an earlier merge in `output` is passed over.
 *
 * @throws UsageError as `findEventFiles` and `readEvents` do; `merge-into-source` when `output` is one of the paths.
 */
export async function mergePaths(paths: readonly string[], options: MergePathsOptions = {}): Promise<Merged> {
  const { output } = options
  const files = await uniqueFiles(paths, output)
  const parts = []
  for (const { shown, real } of files) {
    const { events, notices } = await readEventFile(shown)
    parts.push({ events: output === undefined ? events : located(events, dirname(real)), notices })
  }
  const merged = mergeEvents(
    parts.map((part) => part.events),
    existingFirst,
  )
  return {
    events: output === undefined ? merged.events : relocated(merged.events, await realFolder(output)),
    notices: [...parts.flatMap((part) => part.notices), ...merged.notices],
  }
}

/** The lines of a merged `events.jsonl`, each with its newline. */
export function* eventLines(events: Iterable<SignalboxEvent>): Generator<string> {
  for (const event of events) yield `${JSON.stringify(event)}\n`
}

interface EventFile {
  readonly shown: string
  /** Without symbolic links: `latest` is the run that it points to. */
  readonly real: string
}

/** Each file once, in the order of its real path. */
async function uniqueFiles(
  paths: readonly string[],
  output: string | undefined,
): Promise<readonly EventFile[]> {
  const target = output === undefined ? undefined : join(await realFolder(output), EVENT_FILE)
  const files = new Map<string, EventFile>()
  for (const path of paths) {
    const found = await findEventFiles(path)
    for (const shown of found) {
      const real = await realpath(shown)
      if (real !== target) {
        const known = files.get(real)
        files.set(real, known === undefined || shown < known.shown ? { shown, real } : known)
        continue
      }
      const isNamed =
        found.length === 1 && [resolve(path), dirname(resolve(path))].includes(dirname(resolve(shown)))
      if (isNamed) throw intoSource(path)
    }
  }
  return [...files.values()].toSorted((a, b) => compare(a.real, b.real))
}

function intoSource(path: string): UsageError {
  return new UsageError(`the merged run cannot be written to ${path}: it is one of those to be merged`, {
    code: 'merge-into-source',
    hint: 'choose another folder with --output',
  })
}

/** The real path of a folder that need not be there yet. */
async function realFolder(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    const parent = dirname(resolve(path))
    return parent === resolve(path)
      ? parent
      : join(await realFolder(parent), resolve(path).slice(parent.length))
  }
}

/** With the paths of files from the root. */
function located(events: readonly SignalboxEvent[], folder: string): readonly SignalboxEvent[] {
  return events.map((event) =>
    event.type === 'attachment' ? { ...event, path: resolve(folder, event.path) } : event,
  )
}

function relocated(events: readonly SignalboxEvent[], folder: string): readonly SignalboxEvent[] {
  return events.map((event) =>
    event.type === 'attachment'
      ? { ...event, path: relative(folder, event.path).split(sep).join('/') }
      : event,
  )
}

/** Of copies of one file, one that is there. */
const existingFirst: ChoosePath = (one, other) => {
  if (one === other) return one
  const [hasOne, hasOther] = [existsSync(one), existsSync(other)]
  if (hasOne !== hasOther) return hasOne ? one : other
  return smaller(one, other)
}

/** What two copies of one event have in common: a file's path from the folder of its run on. */
function textOf(event: SignalboxEvent): string {
  if (event.type !== 'attachment') return JSON.stringify(event)
  const { path } = event
  const at = path.search(/(?<=^|\/)attempts\//)
  return JSON.stringify({ ...event, path: at === -1 ? path : path.slice(at) })
}

function startOf(events: readonly SignalboxEvent[]): string {
  const first = events[0]
  return first === undefined ? '' : `${first.at} ${first.run}`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
