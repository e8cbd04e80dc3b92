// Reads `events.jsonl` as typed events, streaming. What a kill or a full disk does to such a file is a notice, never a
// failure: all that can be read is read.

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { codeOf, messageOf, UsageError } from '../harness/errors.ts'
import { EVENT_VERSION, type SignalboxEvent } from '../harness/events.ts'
import { oneLine } from '../harness/hostile-text.ts'
import { eventShape } from './event-shape.ts'
import { readLines } from './read-lines.ts'
import type { Notice } from './run-summary.ts'

/** Bytes of one line; a longer one is refused. */
export const LONGEST_LINE = 8 * 1024 * 1024

const BROKEN_LINES_TOLD = 20

/** The name of the event file in a run's folder. */
export const EVENT_FILE = 'events.jsonl'

/**
 * Yields the events of one file in its order. A broken line is told to `onNotice` with its number and skipped, a last
 * line that was cut off too; so are lines over 8 MiB and event types that this version does not know.
 *
 * @throws UsageError `events-newer-version` when the file was written by a newer Signalbox, `events-not-found` when it
 * cannot be read, `events-not-events` when it holds lines and none of them is an event.
 */
export async function* readEvents(
  path: string,
  onNotice: (notice: Notice) => void,
): AsyncGenerator<SignalboxEvent> {
  let events = 0
  let broken = 0
  let lastBreak = ''
  const unknownTypes = new Map<string, number>()
  const tell = (code: string, message: string): void =>
    onNotice({ level: 'warning', code, message: `${path}: ${message}` })
  const tellBroken = (number: number, why: string): void => {
    broken++
    lastBreak = `line ${number}: ${why}`
    if (broken <= BROKEN_LINES_TOLD) tell('events-broken-line', `line ${number} is skipped: ${why}`)
  }
  try {
    for await (const line of readLines(path, LONGEST_LINE)) {
      if (line.text === undefined) {
        tellBroken(line.number, `it is longer than ${LONGEST_LINE / 1024 / 1024} MiB`)
        continue
      }
      if (line.text.trim() === '') continue
      const parsed = parseJson(line.text)
      if (parsed === undefined) {
        if (line.complete) tellBroken(line.number, 'it is not JSON')
        else
          tell(
            'events-cut-off',
            `the last line (${line.number}) is cut off: the run was killed, or is writing it`,
          )
        continue
      }
      const result = eventShape(parsed.value)
      switch (result.kind) {
        case 'event':
          events++
          yield result.event
          break
        case 'newer':
          throw newerVersion(path, result.version)
        case 'unknown-type':
          unknownTypes.set(result.type, (unknownTypes.get(result.type) ?? 0) + 1)
          break
        case 'broken':
          tellBroken(line.number, result.why)
          break
        default:
          result satisfies never
      }
    }
  } catch (error) {
    if (error instanceof UsageError || codeOf(error) === undefined) throw error
    throw notReadable(path, error)
  }
  if (events === 0 && broken > 0) throw notEvents(path, lastBreak)
  if (broken > BROKEN_LINES_TOLD)
    tell('events-broken-line', `${broken - BROKEN_LINES_TOLD} more broken lines are skipped`)
  for (const [type, count] of unknownTypes)
    tell('events-unknown-type', `${count} events of the unknown type "${type}" are skipped`)
  if (events === 0) tell('events-empty', 'there is no event in it')
}

/** Reads a file whole. */
export async function readEventFile(
  path: string,
): Promise<{ readonly events: readonly SignalboxEvent[]; readonly notices: readonly Notice[] }> {
  const notices: Notice[] = []
  const events: SignalboxEvent[] = []
  for await (const event of readEvents(path, (notice) => notices.push(notice))) events.push(event)
  return { events, notices }
}

/**
 * The event files that a path stands for: an event file itself, a run's folder, or a folder of run folders.
 *
 * @throws UsageError `events-not-found` when there are none.
 */
export async function findEventFiles(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    if (await isFile(join(path, EVENT_FILE))) return [join(path, EVENT_FILE)]
    const entries = (await readdir(path, { withFileTypes: true })).map((entry) => entry.name).toSorted()
    const inside = entries.map((name) => join(path, name, EVENT_FILE))
    const found: string[] = []
    for (const file of inside) if (await isFile(file)) found.push(file)
    if (found.length > 0) return found
    const shown = entries.slice(0, 8).map((name) => oneLine(name, 60))
    const holds =
      entries.length === 0
        ? 'it is empty'
        : `it holds ${shown.join(', ')}${entries.length > 8 ? `, and ${entries.length - 8} more` : ''}`
    throw new UsageError(`no ${EVENT_FILE} in ${path}; ${holds}`, {
      code: 'events-not-found',
      hint: `Name a run's folder, a folder of run folders, or an ${EVENT_FILE} file.`,
    })
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw notReadable(path, error)
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

function newerVersion(path: string, version: number): UsageError {
  return new UsageError(
    `${path} was written by a newer Signalbox: event version ${version}, this one reads up to ${EVENT_VERSION}`,
    {
      code: 'events-newer-version',
      hint: 'Use the Signalbox that wrote it, or a later one.',
    },
  )
}

function notReadable(path: string, error: unknown): UsageError {
  return new UsageError(`cannot read events from ${path}: ${messageOf(error)}`, {
    code: 'events-not-found',
    hint: `Name a run's folder or its ${EVENT_FILE}.`,
    cause: error,
  })
}

function notEvents(path: string, lastBreak: string): UsageError {
  return new UsageError(`${path} is not an event file: none of its lines is an event (${lastBreak})`, {
    code: 'events-not-events',
    hint: `Name a run's folder or its ${EVENT_FILE}.`,
  })
}
