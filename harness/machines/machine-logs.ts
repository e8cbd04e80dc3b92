// A machine's console and journal from the first line on: kept for tests, watched for trouble, written to files; each line of
// the console with the moment at which the host saw it, for the timeline.

import { join } from 'node:path'
import type { Emit } from '../events.ts'
import type { PlatformMachine } from '../machine.ts'
import { openCappedFile } from './capped-file.ts'
import { journalReader } from './follow-journal.ts'
import { createLog, type LogBuffer } from './machine-log.ts'
import { watchLogs, type Watch } from './watch.ts'

export interface LogsOptions {
  readonly raw: PlatformMachine
  readonly distro: string
  /** The machine's artefact folder. */
  readonly folder: string
  readonly slowness: number
  readonly emit: Emit
  /** Told of what the logs show: `kernel`, `journal`. */
  readonly milestone: (name: string) => void
}

export interface MachineLogs extends AsyncDisposable {
  readonly console: LogBuffer
  readonly journal: LogBuffer
  readonly watch: Watch
  /** Takes a line of the journal that came by another way. */
  readonly feedJournal: (line: string) => void
}

/** Opens them; disposing closes the files. */
export function openLogs({ raw, distro, folder, slowness, emit, milestone }: LogsOptions): MachineLogs {
  const stack = new AsyncDisposableStack()
  const console = createLog(`the console of ${raw.name}`, slowness)
  const journal = createLog(`the journal of ${raw.name}`, slowness)
  const watch = stack.use(watchLogs(console, journal, distro))
  const onLogError = (error: Error): void =>
    emit({
      type: 'run.notice',
      level: 'warning',
      code: 'log-not-saved',
      message: `${raw.name}: ${error.message}`,
    })
  const clocked = stack.use(openCappedFile(join(folder, 'console.jsonl'), onLogError))
  // What it has said before anybody listened comes at once; of a clone that is its template's life.
  let replayed = true
  stack.defer(
    raw.console.subscribe((line) => {
      console.push(line)
      clocked.write(JSON.stringify({ at: Date.now(), line, ...(replayed ? { replayed } : {}) }))
      if (/Linux version \d/.test(line)) milestone('kernel')
    }),
  )
  replayed = false
  const journalFile = stack.use(openCappedFile(join(folder, 'journal.jsonl'), onLogError))
  const journalText = stack.use(openCappedFile(join(folder, 'journal.txt'), onLogError))
  const feed = journalReader({
    onRaw: (line) => journalFile.write(line),
    onEntry: (text, atUs) => {
      journalText.write(text)
      journal.push(text, atUs)
    },
  })
  if (raw.journal !== undefined)
    stack.defer(
      raw.journal.subscribe((line) => {
        milestone('journal')
        feed.line(line)
      }),
    )
  return {
    console,
    journal,
    watch,
    feedJournal: feed.line,
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  }
}
