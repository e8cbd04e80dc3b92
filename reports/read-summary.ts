// What a run came to, from whatever is left of it: its events, or where those are gone its record.

import { UsageError } from '../harness/errors.ts'
import { mergePaths } from './merge.ts'
import { findRecordFiles, readRunRecords } from './record/index.ts'
import type { Notice, Summary } from './run-summary.ts'
import { summarize, summarizeRuns } from './summarize.ts'

/** Reads a run folder, a folder of them, an `events.jsonl` or a `run.json`. Throws as `mergePaths` and `readRunRecords` do. */
export async function readSummary(
  path: string,
): Promise<{ readonly summary: Summary; readonly notices: readonly Notice[] }> {
  if (await hasRecordsOnly(path)) {
    const { records, notices } = await readRunRecords([path])
    return { summary: summarizeRuns(records.map(({ run }) => run)), notices }
  }
  const { events, notices } = await mergePaths([path])
  return { summary: summarize(events), notices }
}

async function hasRecordsOnly(path: string): Promise<boolean> {
  try {
    const files = await findRecordFiles(path)
    return files.every((file) => file.endsWith('.json'))
  } catch (error) {
    // Who reads the events says it better.
    if (error instanceof UsageError) return false
    throw error
  }
}
