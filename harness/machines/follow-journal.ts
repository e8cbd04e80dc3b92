// A machine's journal as it comes: over the platform's side channel when there is one, else over SSH.

import type { SshSession } from '../ssh/index.ts'
import { formatJournalEntry, parseJournalLine } from './journal-line.ts'

export interface JournalSink {
  /** Every line as it came. */
  readonly onRaw: (line: string) => void
  /** Every entry, readable, a line at a time; with its time, microseconds of its boot, where it has one. */
  readonly onEntry: (text: string, atUs: number | undefined) => void
}

/** How many entries are remembered, to know those that come again. */
const REMEMBERED = 5000

/** Takes lines of `journalctl -o json`; drops what is none, and entries that have come before (see journal-unit.ts). */
export function journalReader(sink: JournalSink): { readonly line: (line: string) => void } {
  let recent = new Set<string>()
  let older = new Set<string>()
  const isKnown = (key: string): boolean => {
    if (recent.has(key) || older.has(key)) return true
    recent.add(key)
    if (recent.size > REMEMBERED) [older, recent] = [recent, new Set()]
    return false
  }
  return {
    line(line) {
      const entry = parseJournalLine(line)
      if (entry === undefined) return
      const { bootId, monotonic, pid, message } = entry
      // Entries without a time cannot be told apart: all of them are shown.
      if (monotonic !== '' && isKnown(`${bootId} ${monotonic} ${pid} ${message}`)) return
      sink.onRaw(line)
      const atUs = monotonic === '' ? undefined : Number(monotonic)
      for (const part of formatJournalEntry(entry).split('\n')) sink.onEntry(part, atUs)
    },
  }
}

/** Follows the journal over SSH until the connection ends; for platforms without a side channel. */
export function followJournalOverSsh(
  session: SshSession,
  signal: AbortSignal,
  onLine: (line: string) => void,
): void {
  const lines = lineSplitter(onLine)
  session
    .exec('journalctl --boot --follow --output=json --lines=all --no-pager', {
      sudo: true,
      signal,
      maxOutputBytes: 1024,
      timeoutMs: Number.POSITIVE_INFINITY,
      onStdout: lines,
    })
    .catch(() => {
      // The machine went away or rebooted; whoever waits for it says so.
    })
}

function lineSplitter(onLine: (line: string) => void): (chunk: Buffer) => void {
  const decoder = new TextDecoder()
  let rest = ''
  return (chunk) => {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = (parts.pop() ?? '').slice(-1024 * 1024)
    for (const part of parts) onLine(part)
  }
}
