// The options that a rerun of one test needs to go as it went: what was given that is about images, machines and where
// tests come from; not what chooses tests, how many run, or what is done around them.

import { flagOf, type ResolvedOption } from './config/resolve-options.ts'
import type { Settings } from './config/settings.ts'

const kept: ReadonlySet<string> = new Set([
  '--config',
  '--tests',
  '--external',
  '--known-failures',
  '--ignore-known-failures',
  '--target',
  '--platform',
  '--set',
  '--image',
  '--distro',
  '--arch',
  '--channel',
  '--image-version',
  '--flavour',
  '--firmware',
  '--tpm',
  '--surroundings',
  '--no-fork',
  '--boot-timeout',
  '--memory',
  '--cpus',
])

/** As words of a command line. What a config says is not among them: the rerun reads the same config. */
export function rerunOptions(settings: Pick<Settings, 'resolve'>): readonly string[] {
  return [...settings.resolve().values()].flatMap(wordsOf)
}

function wordsOf({ row, value, origin }: ResolvedOption): readonly string[] {
  const flag = flagOf(row)
  if (!kept.has(flag) || (origin.kind !== 'flag' && origin.kind !== 'environment')) return []
  if (typeof value === 'boolean') return value === !flag.startsWith('--no-') ? [flag] : []
  if (typeof value === 'string' || typeof value === 'number') return [flag, String(value)]
  if (!Array.isArray(value)) return []
  // A value of one may hold commas.
  return flag === '--set' ? value.flatMap((word: string) => [flag, word]) : [flag, value.join(',')]
}
