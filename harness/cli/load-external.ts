// Loads the tests of `--external`: they are registered beside those of test files.

import { sep } from 'node:path'
import { UsageError } from '../errors.ts'
import type { SelectionFlags } from './option-table.ts'

export interface LoadedExternal {
  /** The folders of test files that are to be loaded too; undefined: the built-in tests. */
  readonly testFolders: readonly string[] | undefined
  /** The executable of each external test, absolute and without links, by the test's name. */
  readonly fileOf: ReadonlyMap<string, string>
  /** Whether a real path lies in one of the folders: there are no test files to be loaded there. */
  readonly holds: (path: string) => boolean
}

/**
 * Registers external tests, and says on standard error what looks like a mistake. With `--external` alone, the built-in tests are
 * not wanted.
 */
export async function loadExternal({ tests, external }: SelectionFlags): Promise<LoadedExternal> {
  if (external === undefined) return { testFolders: tests, fileOf: new Map(), holds: () => false }
  if (external.length === 0)
    throw new UsageError('--external names no folder', { code: 'no-external-folder' })
  const { registerExternalTests } = await import('../external/register.ts')
  const { warnings, fileOf, roots } = registerExternalTests(external)
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`)
  const holds = (path: string): boolean => roots.some((root) => path === root || path.startsWith(root + sep))
  return { testFolders: tests ?? [], fileOf, holds }
}
