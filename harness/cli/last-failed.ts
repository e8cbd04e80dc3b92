// The tests that were not green in an earlier run, read from its events.

import { stat } from 'node:fs/promises'
import { EVENT_FILE, mergePaths, summarize, targetName } from '../../reports/index.ts'
import { UsageError } from '../errors.ts'
import { latestRun } from './run-folder.ts'

export interface LastFailed {
  /** The folder of the run. */
  readonly folder: string
  readonly names: ReadonlySet<string>
}

/**
 * Names of the tests that neither passed nor were skipped: failed, flaky, infra, missing. Of a folder with runs of several
 * targets those of `target` count, when it is among them. Without a folder it is the latest run below `output`.
 */
export async function readLastFailed(
  folder: string | undefined,
  output: string,
  target: string,
): Promise<LastFailed> {
  const from = folder ?? (await latestRun(output))
  if (folder !== undefined && !(await stat(folder).catch(() => undefined))?.isDirectory()) {
    throw new UsageError(`there is no run in ${folder}`, {
      code: 'no-such-run',
      hint: `write --last-failed=FOLDER, a folder with ${EVENT_FILE}; names of tests go before the options`,
    })
  }
  const { runs } = summarize((await mergePaths([from])).events)
  const same = runs.filter((run) => targetName(run) === target)
  const names = (same.length === 0 ? runs : same)
    .flatMap(({ tests }) => tests)
    .filter(({ verdict }) => verdict !== 'passed' && verdict !== 'skipped')
    .map(({ test }) => test)
  return { folder: from, names: new Set(names) }
}
