// A policy against itself and, when runs are given, against what they planned: selectors that match nothing, rules that all
// their cells have been taken from.

import { unmatchedOf } from './decide/completeness.ts'
import { gatherCells, type Cell } from './decide/gather-cells.ts'
import type { CellRule, Policy } from './policy.ts'
import type { PolicyDocument } from './policy-document.ts'
import type { PolicyProblem } from './problem.ts'
import { readPolicy } from './read-policy.ts'
import { compileSelector } from './selector.ts'
import type { GateRun } from './view.ts'

/** All problems of the text, in its order. Never throws. */
export function lintPolicy(text: string, runs: readonly GateRun[] = []): readonly PolicyProblem[] {
  const { document, policy, problems } = readPolicy(text)
  if (policy === undefined || problems.length > 0 || runs.length === 0) return problems
  const cells = [...gatherCells(runs).values()]
  return [
    ...policy.rules.flatMap((rule, index) => unmatchedProblems('rules', index, rule, cells, document)),
    ...policy.metrics.flatMap((rule, index) => unmatchedProblems('metrics', index, rule, cells, document)),
    ...takenProblems(policy, cells, document),
  ].toSorted((a, b) => a.line - b.line || a.column - b.column)
}

function unmatchedProblems(
  list: 'rules' | 'metrics',
  index: number,
  rule: Pick<CellRule, 'tests' | 'tags' | 'targets' | 'name'>,
  cells: readonly Cell[],
  document: PolicyDocument,
): readonly PolicyProblem[] {
  return unmatchedOf(rule, cells).map(({ part, pattern, on }) => {
    const at = rule[part].indexOf(pattern)
    const place = document.placeOf(at < 0 ? [list, index, 'name'] : [list, index, part, at])
    const where = on === undefined ? '' : ` on ${on}`
    const what = { tests: 'test', tags: 'tag', targets: 'target' }[part]
    const message =
      at < 0
        ? `the rule "${rule.name}" is about nothing that the runs planned`
        : `"${pattern}" matches no ${what} that the runs planned${where}`
    return { code: 'matches-nothing', ...place, message }
  })
}

/** Rules that are about cells, all of which a rule above is about too. */
function takenProblems(
  { rules }: Policy,
  cells: readonly Cell[],
  document: PolicyDocument,
): readonly PolicyProblem[] {
  const selectors = rules.map(compileSelector)
  const first = new Set(cells.map((cell) => selectors.findIndex(({ admits }) => admits(cell))))
  return rules.flatMap(({ name }, index) => {
    const about = cells.filter((cell) => selectors[index]?.admits(cell) === true).length
    if (about === 0 || first.has(index)) return []
    return [
      {
        code: 'unreachable-rule',
        ...document.placeOf(['rules', index, 'name']),
        message: `the rule "${name}" is never reached: rules above it are about all ${about} of its cells`,
        hint: 'put it higher, or remove it',
      },
    ]
  })
}
