// The one writer of a run's event stream: stamps each event, appends it to `events.jsonl` with a single write, and hands
// it to the reporters. A killed process loses nothing that was written; a full disk is noticed and said once.

import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf, messageOf } from './errors.ts'
import { EVENT_VERSION, type Emit, type EventBody, type SignalboxEvent } from './events.ts'

export interface EventReader {
  onEvent(event: SignalboxEvent): void
}

export interface EventLogOptions {
  readonly run: string
  /** The run's folder; created when missing. */
  readonly folder: string
  readonly readers: readonly EventReader[]
  /** Told once when the stream can no longer be saved (disk full, folder gone). */
  readonly onWriteError: (message: string, code: string | undefined) => void
  /** Told when a reader throws; that reader is not called again. */
  readonly onReaderError: (message: string) => void
  readonly now?: () => Date
}

export interface EventLog extends Disposable {
  readonly emit: Emit
  /** Writes to the same file as another run, with numbers and a clock of its own. */
  emitFor(run: string): Emit
  /** False once an event could not be saved. */
  readonly complete: () => boolean
}

/** Opens the stream of a run. */
export function openEventLog(options: EventLogOptions): EventLog {
  const { folder, readers, now = () => new Date() } = options
  mkdirSync(folder, { recursive: true })
  const file = openSync(join(folder, 'events.jsonl'), 'a', 0o644)
  const deaf = new Set<EventReader>()
  let written = 0
  let failed = false
  let open = true

  const save = (event: SignalboxEvent): void => {
    if (failed || !open) return
    const line = Buffer.from(`${JSON.stringify(event)}\n`)
    try {
      let done = 0
      while (done < line.length) done += writeSync(file, line, done)
      written += line.length
    } catch (error) {
      failed = true
      try {
        ftruncateSync(file, written)
      } catch {
        // Half a line at the end is what readers tolerate anyway.
      }
      options.onWriteError(messageOf(error), codeOf(error))
    }
  }

  const tell = (event: SignalboxEvent): void => {
    save(event)
    for (const reader of readers) {
      if (deaf.has(reader)) continue
      try {
        reader.onEvent(event)
      } catch (error) {
        deaf.add(reader)
        options.onReaderError(error instanceof Error ? (error.stack ?? error.message) : String(error))
      }
    }
  }

  const emitFor = (run: string): Emit => {
    const startedAt = performance.now()
    let seq = 0
    return (body: EventBody) => {
      seq += 1
      const envelope = { v: EVENT_VERSION, run, seq, at: now().toISOString() }
      tell({ ...envelope, ms: Math.round((performance.now() - startedAt) * 10) / 10, ...body })
    }
  }

  return {
    emit: emitFor(options.run),
    emitFor,
    complete: () => !failed,
    [Symbol.dispose]() {
      if (!open) return
      open = false
      closeSync(file)
    },
  }
}
