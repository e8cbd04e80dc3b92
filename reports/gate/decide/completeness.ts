// What the policy asks for and no run has planned: a selector that matches nothing, a shard that was not given. Named, so
// that a gate does not open because nobody ran the tests.

import type { CellRule } from '../policy.ts'
import { compileSelector, matchesTarget, matchesTest, splitPatterns, type SelectedCell } from '../selector.ts'
import type { GateRun } from '../view.ts'
import type { Finding } from './finding.ts'
import type { Cell } from './gather-cells.ts'

/** A pattern of a rule for which there is no cell. */
export interface Unmatched {
  readonly part: 'tests' | 'tags' | 'targets'
  readonly pattern: string
  /** Of the targets that it was looked for on; undefined: all. */
  readonly on?: string
  /** A target on which it could be run, if there is one. */
  readonly like?: string
}

/** What of a rule matches no cell. A pattern of a test or tag must match on each pattern of a target. */
export function unmatchedOf(
  rule: Pick<CellRule, 'tests' | 'tags' | 'targets'>,
  cells: readonly SelectedCell[],
): readonly Unmatched[] {
  const targets = splitPatterns(rule.targets).included
  const found: Unmatched[] = []
  for (const wanted of targets.length === 0 ? [undefined] : targets) {
    const fits = wanted === undefined ? () => true : matchesTarget(wanted)
    const there = cells.filter(({ target }) => fits(target))
    if (there.length === 0) {
      // Without a target pattern that is every run: there are none.
      found.push({ part: 'targets', pattern: wanted ?? '*' })
      continue
    }
    const selected = compileSelector({
      ...rule,
      targets: rule.targets.filter((each) => each.startsWith('!')),
    })
    const admitted = there.filter((cell) => selected.admits(cell))
    const on = wanted === undefined ? {} : { on: wanted }
    const like = { like: there[0]?.target ?? '' }
    for (const pattern of splitPatterns(rule.tests).included) {
      const matches = matchesTest(pattern)
      if (!admitted.some(({ test, aliases }) => [test, ...aliases].some((name) => matches(name))))
        found.push({ part: 'tests', pattern, ...on, ...like })
    }
    for (const tag of splitPatterns(rule.tags).included)
      if (!admitted.some(({ tags }) => tags.includes(tag)))
        found.push({ part: 'tags', pattern: tag, ...on, ...like })
    if (admitted.length === 0 && !isNarrowed(rule)) found.push({ part: 'targets', pattern: wanted ?? '*' })
  }
  return found
}

/** Whether a pattern says what there must be, and so is named when it is not there. */
function isNarrowed({ tests, tags }: Pick<CellRule, 'tests' | 'tags'>): boolean {
  return splitPatterns(tests).included.length + splitPatterns(tags).included.length > 0
}

/** As requirements. */
export function unmatchedFindings(rule: CellRule, cells: readonly Cell[]): readonly Finding[] {
  if (rule.require.kind === 'nothing') return []
  return unmatchedOf(rule, cells).map(({ part, pattern, on, like }): Finding => {
    const where = on === undefined ? '' : ` on ${on}`
    const what =
      part === 'targets'
        ? pattern === '*'
          ? 'no run of this image has a test for it'
          : `no run of this image has a target ${pattern}`
        : part === 'tags'
          ? `no run of this image has a test with the tag ${pattern}${where}`
          : `no run of this image planned ${pattern}${where}`
    const run = cells.find(({ target }) => target === like)?.run
    const asked = part === 'tags' ? { tests: [], more: ['--tag', pattern] } : { tests: [pattern] }
    const rerun = run === undefined || part === 'targets' ? {} : { rerun: { run, ...asked } }
    return {
      kind: 'missing',
      effect: 'need-more-results',
      rule: rule.name,
      message: what,
      ...(part === 'tests' ? { test: pattern } : {}),
      ...(part === 'targets' ? { target: pattern } : on === undefined ? {} : { target: on }),
      ...rerun,
    }
  })
}

/** Shards that are needed and were not given. A run of everything on the same target makes up for all. */
export function missingShards(runs: readonly GateRun[]): readonly Finding[] {
  const whole = new Set(runs.filter(({ shard }) => shard === undefined).map(placeAndImage))
  const parts = new Map<string, { readonly run: GateRun; readonly indexes: Set<number> }>()
  for (const run of runs) {
    if (run.shard === undefined || whole.has(placeAndImage(run))) continue
    const key = `${placeAndImage(run)}\0${run.shard.count}`
    const known = parts.get(key) ?? { run, indexes: new Set() }
    known.indexes.add(run.shard.index)
    parts.set(key, known)
  }
  return [...parts.values()].flatMap(({ run, indexes }) => {
    const count = run.shard?.count ?? 0
    const missing = Array.from({ length: count }, (_, index) => index + 1).filter((n) => !indexes.has(n))
    return missing.map((n): Finding => ({
      kind: 'missing',
      effect: 'need-more-results',
      rule: 'shards',
      message: `shard ${n} of ${count} on ${run.target} was not given`,
      target: run.target,
      rerun: { run, tests: run.globs, more: ['--shard', `${n}/${count}`] },
    }))
  })
}

function placeAndImage({ place, image }: GateRun): string {
  return `${place}\0${image.digest}`
}
