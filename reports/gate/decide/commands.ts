// The commands that would bring what is missing: one for each requirement, and as few as possible for all of them.

import type { Finding, Rerun } from './finding.ts'

/** More names than this make no command that anyone can read: then what was asked for then is run again. */
const MOST_TESTS = 200

/** The command for one requirement. */
export function commandOf({ run, tests, more = [] }: Rerun): readonly string[] {
  const named = tests.length > MOST_TESTS ? run.globs : tests
  return ['signalbox', 'run', ...named, ...run.targetArguments, ...more]
}

/** All commands, each once; runs of the same kind on the same target are one. */
export function commandsOf(findings: readonly Finding[]): readonly (readonly string[])[] {
  const runs = new Map<string, Rerun>()
  const others = new Map<string, readonly string[]>()
  for (const { rerun, command } of findings) {
    if (command !== undefined) others.set(JSON.stringify(command), command)
    if (rerun === undefined) continue
    const key = JSON.stringify([rerun.run.targetArguments, rerun.more])
    const known = runs.get(key)
    runs.set(key, known === undefined ? rerun : { ...known, tests: [...known.tests, ...rerun.tests] })
  }
  const reruns = [...runs.values()].map(({ tests, ...rerun }) =>
    commandOf({ ...rerun, tests: [...new Set(tests)].toSorted() }),
  )
  return [...reruns, ...others.values()]
}
