// Takes run folders and records into a history; a file that cannot be read is told, the others are still taken in.

import { type History, type Imported, importRun } from '../../reports/history/index.ts'
import { clockNotices, findRecordFiles, type Notice, readRecordFile } from '../../reports/index.ts'
import { UsageError } from '../errors.ts'

export interface Refused {
  readonly path: string
  readonly code: string
  readonly message: string
  readonly hint?: string
}

export interface ImportedPaths {
  readonly results: readonly { readonly run: string; readonly source: string; readonly result: Imported }[]
  readonly notices: readonly Notice[]
  readonly refused: readonly Refused[]
}

export interface ImportPathsOptions {
  /** Replaces what is there, whichever tells more. */
  readonly replace: boolean
  readonly signal?: AbortSignal
  readonly onFile?: (path: string, index: number, total: number) => void
}

/** Imports all that is found at these paths. Throws the signal's reason; what was imported before stays. */
export async function importPaths(
  history: History,
  paths: readonly string[],
  { replace, signal, onFile }: ImportPathsOptions,
): Promise<ImportedPaths> {
  const results: { readonly run: string; readonly source: string; readonly result: Imported }[] = []
  const notices: Notice[] = []
  const refused: Refused[] = []
  const files: string[] = []
  for (const path of paths) {
    const found = await orRefuse(refused, path, async () => await findRecordFiles(path))
    files.push(...(found ?? []))
  }
  for (const [index, path] of files.entries()) {
    signal?.throwIfAborted()
    onFile?.(path, index, files.length)
    const read = await orRefuse(refused, path, async () => await readRecordFile(path))
    notices.push(...(read?.notices ?? []))
    for (const record of read?.records ?? []) {
      signal?.throwIfAborted()
      notices.push(...clockNotices(record.run, Date.now()))
      const result = await importRun(history, record, { replace })
      results.push({ run: record.run.run, source: record.source, result })
    }
  }
  return { results, notices, refused }
}

/** What the work returns; undefined, and an entry in the list, when it is a wrong or damaged file. */
async function orRefuse<T>(refused: Refused[], path: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    const { code, message, hint } = error
    refused.push({ path, code, message, ...(hint === undefined ? {} : { hint }) })
    return undefined
  }
}
