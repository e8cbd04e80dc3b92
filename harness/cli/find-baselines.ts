// The last green attempt of each test that is not green now, among the runs beside this one: what the HTML report compares
// with.

import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import {
  EVENT_FILE,
  type GreenAttempt,
  greenAttempts,
  readEventFile,
  type Summary,
  wantedBaselines,
  wantedKey,
} from '../../reports/index.ts'

/** Runs that are looked through. */
const RUNS = 12

/** A longer event file is not worth the time. */
const LONGEST_FILE = 64 * 1024 * 1024

/** Looks through earlier runs, the newest first. What cannot be read is passed over: a report must not fail for it. */
export async function findBaselines(runFolder: string, summary: Summary): Promise<readonly GreenAttempt[]> {
  const wanted = new Set(wantedBaselines(summary))
  const found: GreenAttempt[] = []
  for (const folder of wanted.size === 0 ? [] : await earlierRuns(runFolder)) {
    for (const green of await greenIn(folder, wanted)) {
      found.push(green)
      wanted.delete(wantedKey(green.target, green.test))
    }
    if (wanted.size === 0) break
  }
  return found
}

/** Reads one run folder that was named, or a folder of them. */
export async function baselinesFrom(folder: string, summary: Summary): Promise<readonly GreenAttempt[]> {
  return await greenIn(folder, wantedBaselines(summary))
}

/** Folders beside it whose names say that they are earlier. */
async function earlierRuns(runFolder: string): Promise<readonly string[]> {
  const output = dirname(runFolder)
  const names = await readdir(output).catch(() => [])
  return names
    .filter((name) => /^\d{8}-\d{6}-/.test(name) && name < basename(runFolder))
    .toSorted()
    .toReversed()
    .slice(0, RUNS)
    .map((name) => join(output, name))
}

async function greenIn(folder: string, wanted: ReadonlySet<string>): Promise<readonly GreenAttempt[]> {
  try {
    const path = join(folder, EVENT_FILE)
    if ((await stat(path)).size > LONGEST_FILE) return []
    return greenAttempts((await readEventFile(path)).events, wanted, folder)
  } catch {
    return []
  }
}
