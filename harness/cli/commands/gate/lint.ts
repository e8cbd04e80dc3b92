// `signalbox gate lint`: what is wrong with policies.

import { lintPolicy, problemText, readBytes, readRuns, runsOf } from '../../../../reports/gate/index.ts'

/** The action of `gate lint <policy...>`; exits 1 when anything is wrong. */
export async function gateLint(
  flags: Readonly<Record<string, unknown>>,
  positional: readonly unknown[],
): Promise<number> {
  const policies = positional[0] as readonly string[]
  const runs = (await readRuns('run', (flags['runs'] as readonly string[] | undefined) ?? [])).flatMap(runsOf)
  const found = []
  for (const file of policies) {
    const text = (await readBytes(file, 'the policy')).toString('utf8')
    for (const problem of lintPolicy(text, runs)) found.push({ file, ...problem })
  }
  if (flags['json'] === true) process.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`)
  else
    for (const problem of found) {
      process.stdout.write(`${problemText(problem.file, problem)}\n`)
      if (problem.hint !== undefined) process.stdout.write(`    ${problem.hint}\n`)
    }
  if (found.length === 0 && flags['json'] !== true)
    process.stdout.write(
      runs.length === 0 ? 'nothing is wrong; with --runs selectors are checked too\n' : 'nothing is wrong\n',
    )
  return found.length === 0 ? 0 : 1
}
