// Of the arguments that a run was started with, those that choose its target, image and tests' source: what it takes to run
// other tests in the same way.

/** Options that say what is tested and where tests come from, not which tests and not how the run goes. */
const KEPT: ReadonlySet<string> = new Set([
  '--platform',
  '-p',
  '--image',
  '-i',
  '--distro',
  '--arch',
  '--channel',
  '--image-version',
  '--firmware',
  '--memory',
  '--cpus',
  '--tests',
  '--external',
  '--config',
  '--known-failures',
])

/** Those of them that take several values. */
const VARIADIC: ReadonlySet<string> = new Set(['--tests', '--known-failures'])

/** Replaced by the run's own target. */
const TARGET = '--target'

/** Options without a value, all others have one. */
const FLAGS: ReadonlySet<string> = new Set([
  '--ignore-known-failures',
  '--retry-isolated',
  '--no-fork',
  '--fail-fast',
  '-x',
  '--fail-on-flaky',
  '--keep',
  '--save-failed',
  '--debug',
  '--console',
  '--watch',
  '-w',
  '--plan',
  '--list',
  '--json',
  '--last-failed',
  '--changed',
])

export interface KeptArguments {
  readonly targetArguments: readonly string[]
  /** The tests that were asked for, as they were named. */
  readonly globs: readonly string[]
}

/** Splits the arguments after `signalbox run`. */
export function targetArguments(
  given: readonly string[],
  { target, isOneOfSeveral }: { readonly target: string; readonly isOneOfSeveral: boolean },
): KeptArguments {
  const kept: string[] = []
  const globs: string[] = []
  let namesTarget = isOneOfSeveral
  let index = 0
  while (index < given.length) {
    const argument = given[index] ?? ''
    index += 1
    if (!argument.startsWith('-')) {
      globs.push(argument)
      continue
    }
    const [name = ''] = argument.split('=', 1)
    if (name === TARGET) namesTarget = true
    const end = argument.includes('=') ? index : index + valueCount(name, given.slice(index))
    if (KEPT.has(name)) kept.push(argument, ...given.slice(index, end))
    index = end
  }
  return { targetArguments: [...(namesTarget ? [TARGET, target] : []), ...kept], globs }
}

function valueCount(name: string, rest: readonly string[]): number {
  if (FLAGS.has(name)) return 0
  if (!VARIADIC.has(name) && name !== TARGET && name !== '--tag' && name !== '-t') return 1
  const next = rest.findIndex((argument) => argument.startsWith('-'))
  return next < 0 ? rest.length : next
}
