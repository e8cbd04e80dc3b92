// Reads run records from wherever runs lie: a run's folder, a folder of them, `run.json`, `events.jsonl`. Events win over
// `run.json`, which is made from them. Every older version is accepted and comes out in today's shape.

import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, messageOf, UsageError } from '../../harness/errors.ts'
import { oneLine } from '../../harness/hostile-text.ts'
import { mergeEvents } from '../merge.ts'
import { EVENT_FILE, readEventFile } from '../read-events.ts'
import type { Notice, RunSummary } from '../run-summary.ts'
import { summarize } from '../summarize.ts'
import { parseRecord } from './parse-record.ts'

/** The file of a run's folder that holds its record. */
export const RECORD_FILE = 'run.json'

/** One run as it was read, and where. */
export interface RunRecord {
  readonly run: RunSummary
  /** The file that it was read from, as it was named. */
  readonly source: string
}

export interface RunRecords {
  /** In the order of the paths; of several records of one run the most complete one. */
  readonly records: readonly RunRecord[]
  readonly notices: readonly Notice[]
}

/**
 * Reads all runs of these paths.
 *
 * @throws UsageError `record-not-found`, `record-cut-off`, `record-not-record`, `record-newer-version` or `record-invalid`;
 * for events as `readEvents` does.
 */
export async function readRunRecords(paths: readonly string[]): Promise<RunRecords> {
  const notices: Notice[] = []
  const found = new Map<string, RunRecord>()
  for (const path of paths) {
    for (const file of await findRecordFiles(path)) {
      const part = await readRecordFile(file)
      notices.push(...part.notices)
      for (const record of part.records) keepOne(found, record, notices)
    }
  }
  return { records: [...found.values()], notices }
}

/** Reads the runs of one `run.json` or event file. Throws as `readRunRecords` does. */
export async function readRecordFile(file: string): Promise<RunRecords> {
  if (file.endsWith('.jsonl')) return await fromEvents(file)
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw notFound(file, error)
  })
  // A file of another name may hold events too.
  if (/^\s*\{"v":\d/.test(text)) return await fromEvents(file)
  const { runs, notices } = parseRecord(text, file)
  return { records: runs.map((run) => ({ run, source: file })), notices }
}

async function fromEvents(file: string): Promise<RunRecords> {
  const { events, notices } = await readEventFile(file)
  // A file that was appended to itself holds everything twice.
  const merged = mergeEvents([events])
  const { runs } = summarize(merged.events)
  return { records: runs.map((run) => ({ run, source: file })), notices: [...notices, ...merged.notices] }
}

/**
 * The record files that a path stands for: itself, a run's folder, or a folder of run folders.
 *
 * @throws UsageError `record-not-found`.
 */
export async function findRecordFiles(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path]
    const own = await fileIn(path)
    if (own !== undefined) return [own]
    const entries = (await readdir(path, { withFileTypes: true })).filter((entry) => entry.isDirectory())
    const names = entries.map(({ name }) => name).toSorted()
    const inside = await Promise.all(names.map(async (name) => await fileIn(join(path, name))))
    const files = inside.filter((file) => file !== undefined)
    if (files.length > 0) return files
    const shown = names.slice(0, 8).map((name) => oneLine(name, 60))
    throw new UsageError(
      `no ${EVENT_FILE} or ${RECORD_FILE} in ${path}${shown.length === 0 ? '' : `; it holds ${shown.join(', ')}`}`,
      { code: 'record-not-found', hint: 'Name a run folder, a folder of run folders, or a file of a run.' },
    )
  } catch (error) {
    if (error instanceof UsageError) throw error
    throw notFound(path, error)
  }
}

async function fileIn(folder: string): Promise<string | undefined> {
  for (const name of [EVENT_FILE, RECORD_FILE]) {
    const path = join(folder, name)
    if ((await stat(path).catch(() => undefined))?.isFile() === true) return path
  }
  return undefined
}

function keepOne(found: Map<string, RunRecord>, record: RunRecord, notices: Notice[]): void {
  const known = found.get(record.run.run)
  if (known === undefined) {
    found.set(record.run.run, record)
    return
  }
  const kept = isMoreComplete(record.run, known.run) ? record : known
  found.set(record.run.run, kept)
  notices.push({
    level: 'warning',
    code: 'record-duplicate',
    message: `run ${oneLine(record.run.run, 100)} is in ${known.source} and in ${record.source}; ${kept.source} counts`,
  })
}

/** Whether `one` tells more of the same run than `other`. */
export function isMoreComplete(one: RunSummary, other: RunSummary): boolean {
  const rank = ({ state }: RunSummary): number => (state === 'incomplete' ? 0 : 1)
  if (rank(one) !== rank(other)) return rank(one) > rank(other)
  return attemptCount(one) > attemptCount(other)
}

function attemptCount(run: RunSummary): number {
  return run.tests.reduce((total, { attempts }) => total + attempts.length, 0)
}

function notFound(path: string, cause: unknown): UsageError {
  return new UsageError(`no run record at ${path}: ${codeOf(cause) ?? messageOf(cause)}`, {
    code: 'record-not-found',
    hint: `Name a run's folder, its ${RECORD_FILE} or its ${EVENT_FILE}.`,
    cause,
  })
}
