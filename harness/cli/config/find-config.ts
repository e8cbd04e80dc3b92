// Finds the config: in the working directory, or in the nearest folder above it.

import { readdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { UsageError } from '../../errors.ts'

/** The names a config may have. */
export const configNames: readonly string[] = ['ts', 'mts', 'js', 'mjs', 'json'].map(
  (ending) => `signalbox.config.${ending}`,
)

/**
 * The absolute path of the nearest config, or undefined.
 *
 * @throws UsageError when a folder holds two, or when the nearest belongs to somebody else: it would be run as code.
 */
export function findConfig(from: string): string | undefined {
  let folder = resolve(from)
  for (;;) {
    const found = namesIn(folder).filter((name) => configNames.includes(name))
    const [name, other] = found
    if (other !== undefined) {
      throw new UsageError(`there are two configs in ${folder}: ${found.join(' and ')}`, {
        code: 'two-configs',
        hint: 'remove one, or say which with --config',
      })
    }
    if (name !== undefined) return ownOnly(join(folder, name))
    const parent = dirname(folder)
    if (parent === folder) return undefined
    folder = parent
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted()
  } catch {
    return []
  }
}

// Anybody may put a file into /tmp.
function ownOnly(path: string): string {
  const owner = statSync(path).uid
  if (process.getuid === undefined || owner === process.getuid() || owner === 0) return path
  throw new UsageError(`the config ${path} belongs to another user, and would be run as code`, {
    code: 'config-not-ours',
    hint: `if you trust it, say so: --config ${path}`,
  })
}
