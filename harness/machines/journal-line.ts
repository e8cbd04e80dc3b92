// One line of `journalctl -o json` as a person reads it: `unit[pid]: message`.

export interface JournalEntry {
  readonly unit: string
  readonly identifier: string
  readonly pid: string
  readonly message: string
  /** syslog level, 0 to 7; 6 when absent. */
  readonly priority: number
  /** Seconds since the epoch; 0 when absent. */
  readonly atSeconds: number
  readonly bootId: string
  /** Microseconds of that boot; empty when absent. */
  readonly monotonic: string
}

/** Parses a line; undefined for anything that is not a journal entry (cut, binary, noise). */
export function parseJournalLine(line: string): JournalEntry | undefined {
  if (!line.startsWith('{')) return undefined
  let fields: Record<string, unknown>
  try {
    fields = JSON.parse(line) as Record<string, unknown>
  } catch {
    return undefined
  }
  const message = textOf(fields['MESSAGE'])
  if (message === undefined) return undefined
  return {
    unit: textOf(fields['UNIT']) ?? textOf(fields['_SYSTEMD_UNIT']) ?? '',
    identifier: textOf(fields['SYSLOG_IDENTIFIER']) ?? textOf(fields['_COMM']) ?? 'unknown',
    pid: textOf(fields['_PID']) ?? '',
    message,
    priority: Number(textOf(fields['PRIORITY']) ?? 6),
    atSeconds: Number(textOf(fields['__REALTIME_TIMESTAMP']) ?? 0) / 1e6,
    bootId: textOf(fields['_BOOT_ID']) ?? '',
    monotonic: textOf(fields['__MONOTONIC_TIMESTAMP']) ?? '',
  }
}

/** As `journalctl` shows it, without the date: `sshd[12]: Server listening`. */
export function formatJournalEntry(entry: JournalEntry): string {
  return `${entry.identifier}${entry.pid === '' ? '' : `[${entry.pid}]`}: ${entry.message}`
}

// The JSON format gives non-UTF-8 messages as arrays of bytes (journalctl(1), "json").
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every((byte) => typeof byte === 'number'))
    return Buffer.from(value).toString('utf8')
  return undefined
}
