// Which known-failures files a command reads, and what they do to its selection.

import { existsSync } from 'node:fs'
import type { Applied, ApplyContext } from '../known-failures/apply.ts'
import type { Selection } from '../plan/select.ts'
import type { SelectionFlags } from './option-table.ts'

/** Read where it lies in the working directory and nothing else is said. */
export const DEFAULT_FILE = 'signalbox-known-failures.yaml'

/** Applies the files of `--known-failures`, or the default one where there is one. */
export async function knowFailures(
  flags: Pick<SelectionFlags, 'knownFailures' | 'ignoreKnownFailures'>,
  selection: readonly Selection[],
  context: Omit<ApplyContext, 'nowMs'>,
): Promise<Applied> {
  const { knownFailures, ignoreKnownFailures } = flags
  const usual = existsSync(DEFAULT_FILE) ? [DEFAULT_FILE] : []
  const paths = ignoreKnownFailures ? [] : (knownFailures ?? usual)
  // What reads YAML and globs is loaded only when there is something to read.
  if (paths.length === 0) return { selection, notices: [] }
  const { readKnownFailures } = await import('../known-failures/read.ts')
  const { applyKnownFailures } = await import('../known-failures/apply.ts')
  const files = await Promise.all(paths.map(async (path) => await readKnownFailures(path)))
  return applyKnownFailures(selection, files, { ...context, nowMs: Date.now() })
}
