// The results of the tests on a target as an in-toto Test Result, version 0.1 (github.com/in-toto/attestation,
// spec/predicates/test-result.md). What that form has no place for is in a field of our own, named by a URI as it asks.

import type { Decision } from '../decision.ts'
import { gatherCells, type Cell } from '../decide/gather-cells.ts'
import { usableRuns } from '../decide/usable-runs.ts'
import type { DecisionView, GateRun } from '../view.ts'
import { digestSet, makeStatement, type Statement } from './statement.ts'

export const TEST_RESULT_TYPE = 'https://in-toto.io/attestation/test-result/v0.1'

/** Our own field: what neither passed nor failed. */
const UNDECIDED = 'urn:signalbox:gate:undecided-tests:v1'

export interface TargetStatement {
  readonly target: string
  readonly statement: Statement
}

/** One for each target that has a run of these images, in the order of their names. */
export function testResults(view: DecisionView, decision: Decision): readonly TargetStatement[] {
  const { runs } = usableRuns(view)
  const policy = view.inputs.find(({ kind }) => kind === 'policy')
  const waived = new Set(decision.waived.map(({ test, target }) => JSON.stringify([test, target])))
  const places = Map.groupBy(runs, ({ place }) => place)
  return [...places.values()]
    .map((own): TargetStatement => {
      const cells = [...gatherCells(own).values()]
      const target = own.at(-1)?.target ?? ''
      const configuration = [
        { name: 'target', annotations: { target } },
        ...own.map(({ run, plan }) => ({ name: `plan of ${run}`, digest: digestSet(plan) })),
        ...own.map(({ run, sha256 }) => ({ name: `record of ${run}`, digest: digestSet(sha256) })),
        ...(policy === undefined ? [] : [{ name: 'policy', digest: digestSet(policy.sha256) }]),
      ]
      const predicate = predicateOf(cells, ({ test }) => waived.has(JSON.stringify([test, target])))
      return {
        target,
        statement: makeStatement(subjectsOf(own), TEST_RESULT_TYPE, {
          result: resultOf(predicate),
          configuration,
          ...predicate,
        }),
      }
    })
    .toSorted((a, b) => (a.target < b.target ? -1 : 1))
}

interface Tests {
  readonly passedTests: readonly string[]
  readonly warnedTests: readonly string[]
  readonly failedTests: readonly string[]
  readonly [UNDECIDED]: {
    readonly skipped: readonly string[]
    readonly infra: readonly string[]
    readonly missing: readonly string[]
  }
}

/** Passed is what never failed; what failed and passed, or is waived, is a warning. */
function predicateOf(cells: readonly Cell[], isWaived: (cell: Cell) => boolean): Tests {
  const groups = Map.groupBy(cells, (cell) => {
    const { judged, skipped, lost, onlyKnownFailures } = cell
    if (judged.length === 0) return skipped !== undefined ? 'skipped' : lost > 0 ? 'infra' : 'missing'
    if (!judged.includes('failed')) return 'passed'
    return judged.includes('passed') || onlyKnownFailures || isWaived(cell) ? 'warned' : 'failed'
  })
  const names = (
    group: 'passed' | 'warned' | 'failed' | 'skipped' | 'infra' | 'missing',
  ): readonly string[] => (groups.get(group) ?? []).map(({ test }) => test).toSorted()
  return {
    passedTests: names('passed'),
    warnedTests: names('warned'),
    failedTests: names('failed'),
    [UNDECIDED]: { skipped: names('skipped'), infra: names('infra'), missing: names('missing') },
  }
}

/** What was planned to run and has no result has not passed. */
function resultOf({ passedTests, warnedTests, failedTests, [UNDECIDED]: undecided }: Tests): string {
  const lacking = undecided.infra.length + undecided.missing.length
  if (failedTests.length + lacking > 0 || passedTests.length + warnedTests.length === 0) return 'FAILED'
  return warnedTests.length > 0 ? 'WARNED' : 'PASSED'
}

function subjectsOf(runs: readonly GateRun[]): Statement['subject'] {
  const images = new Map(runs.map(({ image }) => [image.digest, image]))
  return [...images.values()].map(({ digest, distro, version, architecture }) => ({
    name: `${distro}-${version}-${architecture}`,
    digest: digestSet(digest),
  }))
}
