// The names under which the runs of a merged report stand: their targets, and where several runs of one target ran the
// same test (days, repeated runs) something that tells them apart.

import { type RunSummary, targetName } from './run-summary.ts'

/** A name for each run, in the same order; all different where a test would otherwise have one name twice. */
export function cellNames(runs: readonly RunSummary[]): readonly string[] {
  const groups = Map.groupBy(runs, targetName)
  const names = new Map<RunSummary, string>()
  for (const [target, members] of groups) {
    // Shards of one target have no test in common.
    const overlap = members.length > 1 && hasTestTwice(members)
    const versions = new Set(members.map((run) => run.target?.version))
    for (const run of members) {
      const version = run.target?.version
      const mark = versions.size === members.length && version !== undefined ? version : run.run
      names.set(run, overlap ? `${target} ${mark}` : target)
    }
  }
  return runs.map((run) => names.get(run) ?? run.run)
}

function hasTestTwice(runs: readonly Pick<RunSummary, 'tests'>[]): boolean {
  const seen = new Set<string>()
  for (const { tests } of runs)
    for (const { test, verdict } of tests) {
      // A shard may name the tests of others as skipped.
      if (verdict === 'skipped') continue
      if (seen.has(test)) return true
      seen.add(test)
    }
  return false
}
