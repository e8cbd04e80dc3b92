// Which targets of the config are meant, pure: names and globs, `!` leaves out; nothing said means all.

import { createRequire } from 'node:module'
import { UsageError } from '../../errors.ts'
import { didYouMean } from '../../nearest.ts'

// Globs are rare: what reads them is loaded with the first.
const require = createRequire(import.meta.url)

/**
 * The chosen ones of `names` in their order; empty only when there are no names and nothing is wanted. `from`: whether they are those of
 * the config, or what there is without one.
 */
export function selectTargets(
  names: readonly string[],
  wanted: readonly string[] = [],
  from: 'config' | 'default' = 'config',
): readonly string[] {
  const [included, excluded] = [false, true].map((out) =>
    wanted.filter((glob) => glob.startsWith('!') === out).map((glob) => matchesOf(glob, names, from)),
  )
  const left = new Set(excluded?.flat())
  const right = included?.length === 0 ? new Set(names) : new Set(included?.flat())
  const chosen = names.filter((name) => right.has(name) && !left.has(name))
  if (chosen.length === 0 && names.length > 0) {
    throw new UsageError(`${wanted.join(' ')} leaves no target`, {
      code: 'no-targets',
      hint: `there are: ${names.join(', ')}`,
    })
  }
  return chosen
}

function matchesOf(pattern: string, names: readonly string[], from: 'config' | 'default'): readonly string[] {
  const glob = pattern.replace(/^!/, '')
  const matches = matcher(glob)
  const found = names.filter((name) => matches(name))
  if (found.length > 0) return found
  throw new UsageError(`no target matches "${glob}"`, {
    code: 'unknown-target',
    hint:
      from === 'config'
        ? didYouMean(glob, names)
        : `${didYouMean(glob, names)}; no config names others: signalbox.config.ts, targets: { name: { ... } }`,
  })
}

function matcher(glob: string): (name: string) => boolean {
  if (!/[*?[\]{}()]/.test(glob)) return (name) => name === glob
  try {
    const picomatch = require('picomatch') as typeof import('picomatch')
    return picomatch(glob, { dot: true, nonegate: true })
  } catch (error) {
    throw new UsageError(`"${glob}" is no valid glob`, { code: 'bad-glob', cause: error })
  }
}
