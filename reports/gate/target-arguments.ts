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
  '--tpm',
  '--flavour',
  '--surroundings',
  '--append-ignition',
  '--set',
  '--memory',
  '--cpus',
  '--tests',
  '--external',
  '--config',
  '--known-failures',
])

/** Replaced by the run's own target. */
const TARGET = '--target'

/** How many values an option takes; one, where it is not here. */
const ARITIES: ReadonlyMap<string, 'none' | 'many' | 'perhaps'> = new Map([
  ...(
    [
      '--tests',
      '--known-failures',
      '--tag',
      '-t',
      '--surroundings',
      '--append-ignition',
      '--set',
      TARGET,
    ] as const
  ).map((name) => [name, 'many'] as const),
  ...(['--last-failed', '--changed', '-u', '--update-snapshots'] as const).map(
    (name) => [name, 'perhaps'] as const,
  ),
  ...(
    [
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
    ] as const
  ).map((name) => [name, 'none'] as const),
])

/** How many values an option of `signalbox run` takes. A test compares this with the table of options. */
export function arityOf(name: string): 'none' | 'one' | 'many' | 'perhaps' {
  return ARITIES.get(name) ?? 'one'
}

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
  const next = rest.findIndex((argument) => argument.startsWith('-'))
  const free = next < 0 ? rest.length : next
  const arity = arityOf(name)
  switch (arity) {
    case 'none':
      return 0
    case 'one':
      return 1
    case 'perhaps':
      return Math.min(1, free)
    case 'many':
      return free
    default:
      return arity satisfies never
  }
}
