// Run records as inputs: the bytes of `run.json`, or, where a run was killed before it wrote one, the record made from its
// events.

import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { codeOf, UsageError } from '../../../harness/errors.ts'
import { jsonText } from '../../json.ts'
import { mergeEvents } from '../../merge.ts'
import { EVENT_FILE, readEventFile } from '../../read-events.ts'
import { RECORD_FILE } from '../../record/index.ts'
import { summarize } from '../../summarize.ts'
import { inputFile, type InputFile } from '../input-file.ts'

/** Reads what the paths stand for: run.json, events.jsonl, a run's folder, a folder of run folders. Throws UsageError. */
export async function readRuns(
  kind: 'run' | 'baseline',
  paths: readonly string[],
): Promise<readonly InputFile[]> {
  const files = (await Promise.all(paths.map(filesAt))).flat()
  return await Promise.all(files.map(async (file) => inputFile(kind, nameOf(file), await recordOf(file))))
}

async function filesAt(path: string): Promise<readonly string[]> {
  const info = await stat(path).catch((error: unknown) => {
    throw new UsageError(`no run record at ${path}: ${codeOf(error) ?? 'it cannot be read'}`, {
      code: 'record-not-found',
      hint: `name a run's folder, its ${RECORD_FILE}, or a folder of run folders`,
    })
  })
  if (!info.isDirectory()) return [path]
  const own = await recordIn(path)
  if (own !== undefined) return [own]
  const names = (await readdir(path, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted()
  const found = (await Promise.all(names.map(async (name) => await recordIn(join(path, name))))).filter(
    (file) => file !== undefined,
  )
  if (found.length > 0) return found
  throw new UsageError(`no ${RECORD_FILE} or ${EVENT_FILE} in ${path}`, {
    code: 'record-not-found',
    hint: "name a run's folder, or a folder of run folders",
  })
}

async function recordIn(folder: string): Promise<string | undefined> {
  for (const name of [RECORD_FILE, EVENT_FILE]) {
    const path = join(folder, name)
    if ((await stat(path).catch(() => undefined))?.isFile() === true) return path
  }
  return undefined
}

async function recordOf(file: string): Promise<Uint8Array | string> {
  if (!file.endsWith('.jsonl')) return await readFile(file)
  const { events, notices } = await readEventFile(file)
  const merged = mergeEvents([events])
  return jsonText(summarize(merged.events, { notices: [...notices, ...merged.notices] }))
}

/** `20261128-141500-1a2b3c/run.json`. */
function nameOf(file: string): string {
  return join(basename(dirname(file)), basename(file)).replaceAll('\\', '/')
}
