// Console and journal of a machine on the clock of its run. Only the ends of the files are read: a console of a million
// lines costs no more than one of a thousand.

import { basename, dirname, join } from 'node:path/posix'
import type { TimelineItem } from './data.ts'
import { readTail, type Tail } from './read-tail.ts'
import { shownLine } from './shown-text.ts'
import type { MachineTrace } from './trace.ts'

/** How much of the logs of one machine is taken. */
export interface LogLimits {
  readonly lines: number
  readonly consoleBytes: number
  readonly journalBytes: number
}

export interface MachineLogs {
  readonly items: readonly TimelineItem[]
  readonly omitted: readonly string[]
}

const LONGEST_LINE = 1000

/** An entry further from the machine's life than this has another clock than the host. */
const CLOCK_SLACK_MS = 60_000

/** Reads them; what is not there is left out. `folder` is what paths of the events are relative to. */
export async function readMachineLogs(
  machine: MachineTrace,
  folder: string,
  epochMs: number,
  limits: LogLimits,
): Promise<MachineLogs> {
  const m = shownLine(machine.created.name, 60)
  const [console, journal] = await Promise.all([
    readConsole(machine, folder, epochMs, limits),
    readJournal(machine, folder, epochMs, limits),
  ])
  return {
    items: [...console.items, ...journal.items].map((item) => ({ ...item, m })),
    omitted: [...console.omitted, ...journal.omitted].map((words) => `${m}: ${words}`),
  }
}

/** Only what the harness itself calls so: events come from a file, and must not make the page hold any other file. */
function pathOf(machine: MachineTrace, name: string): string | undefined {
  const path = machine.files.get(name)
  return path !== undefined && basename(path) === name && !path.startsWith('/') ? path : undefined
}

async function readConsole(
  machine: MachineTrace,
  folder: string,
  epochMs: number,
  limits: LogLimits,
): Promise<MachineLogs> {
  const path = pathOf(machine, 'console.txt')
  if (path === undefined) return nothing
  const clocked = await readTail(join(folder, dirname(path), 'console.jsonl'), limits.consoleBytes * 2)
  if (clocked !== undefined && clocked.bytes > 0)
    return bounded(clockedLines(clocked, machine, epochMs), clocked, limits.lines, 'console.txt')
  const plain = await readTail(join(folder, path), limits.consoleBytes)
  return plain === undefined
    ? nothing
    : bounded(kernelClockedLines(plain.lines, machine), plain, limits.lines, 'console.txt')
}

/** Lines with the host's time. A clone's machine begins with what its template said: that is another machine's life. */
function clockedLines(tail: Tail, { created }: MachineTrace, epochMs: number): readonly TimelineItem[] {
  return tail.lines.flatMap((text): readonly TimelineItem[] => {
    const entry = parse(text)
    const { at, line, replayed } = entry
    if (typeof at !== 'number' || typeof line !== 'string') return []
    if (replayed === true && created.origin !== 'cold') return []
    return [{ lane: 'console', at: Math.round(at - epochMs), title: shownLine(line, LONGEST_LINE) }]
  })
}

/** Lines without: the kernel's own stamps count from its first line, the others come with the one before. */
function kernelClockedLines(
  lines: readonly string[],
  { created, marks }: MachineTrace,
): readonly TimelineItem[] {
  const kernel = marks.find((mark) => mark.type === 'machine.milestone' && mark.milestone === 'kernel')
  const bootMs = kernel?.ms ?? created.ms
  let at = created.ms
  return lines.map((text): TimelineItem => {
    const stamp = /^\s*\[\s*(\d+\.\d+)\]/.exec(text)?.[1]
    if (stamp !== undefined) at = Math.round(bootMs + Number(stamp) * 1000)
    return { lane: 'console', at, title: shownLine(text, LONGEST_LINE), about: true }
  })
}

async function readJournal(
  machine: MachineTrace,
  folder: string,
  epochMs: number,
  limits: LogLimits,
): Promise<MachineLogs> {
  const path = pathOf(machine, 'journal.jsonl')
  const tail = path === undefined ? undefined : await readTail(join(folder, path), limits.journalBytes)
  if (tail === undefined) return nothing
  const { created, destroyed, marks } = machine
  const lastMs = destroyed?.ms ?? Math.max(created.ms, ...marks.map(({ ms }) => ms)) + 3_600_000
  let latest = created.ms
  const items = tail.lines.flatMap((text): readonly TimelineItem[] => {
    const entry = parse(text)
    const message = entry['MESSAGE']
    const title = typeof message === 'string' ? message : bytesText(message)
    if (title === undefined) return []
    const micros = Number(entry['__REALTIME_TIMESTAMP'])
    const at = Number.isFinite(micros) ? Math.round(micros / 1000 - epochMs) : undefined
    if (
      created.origin !== 'cold' &&
      at !== undefined &&
      at < created.ms - 1000 &&
      at > created.ms - 86_400_000
    )
      return []
    const isKnown = at !== undefined && at > created.ms - CLOCK_SLACK_MS && at < lastMs + CLOCK_SLACK_MS
    if (isKnown) latest = at
    const state = stateOf(Number(entry['PRIORITY'] ?? 6))
    return [
      {
        lane: 'journal',
        at: latest,
        title: `${identifierOf(entry)}: ${shownLine(title, LONGEST_LINE)}`,
        ...(state === undefined ? {} : { state }),
        ...(isKnown ? {} : { about: true as const }),
      },
    ]
  })
  return bounded(items, tail, limits.lines, 'journal.jsonl')
}

/** syslog levels: 3 and below are errors, 4 is a warning. */
function stateOf(priority: number): 'failed' | 'warned' | undefined {
  if (priority <= 3) return 'failed'
  return priority === 4 ? 'warned' : undefined
}

function identifierOf(entry: Readonly<Record<string, unknown>>): string {
  const name = entry['SYSLOG_IDENTIFIER'] ?? entry['_COMM']
  const pid = entry['_PID']
  const text = typeof name === 'string' ? shownLine(name, 60) : 'unknown'
  return typeof pid === 'string' ? `${text}[${shownLine(pid, 12)}]` : text
}

// The JSON format gives non-UTF-8 messages as arrays of bytes (journalctl(1), "json").
function bytesText(value: unknown): string | undefined {
  return Array.isArray(value) && value.every((byte) => typeof byte === 'number')
    ? Buffer.from(value).toString('utf8')
    : undefined
}

const nothing: MachineLogs = { items: [], omitted: [] }

function bounded(
  items: readonly TimelineItem[],
  { bytes, cut }: Tail,
  max: number,
  name: string,
): MachineLogs {
  const kept = items.slice(-max)
  const isWhole = !cut && kept.length === items.length
  const mib =
    bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${Math.round(bytes / 1024 / 1024)} MiB`
  return {
    items: kept,
    omitted: isWhole ? [] : [`the last ${kept.length} lines of ${name} are here; the file has ${mib}`],
  }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {}
  } catch {
    return {}
  }
}
