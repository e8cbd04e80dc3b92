// What the page says of several targets beyond their cells.

import { type Column, findingsOf, findingText, nowhereOf, rowsOf } from '../matrix/index.ts'
import type { RunSummary } from '../run-summary.ts'
import type { PageIndex } from './data.ts'
import { shownLine } from './shown-text.ts'

/** `numbers`: those of the tests. */
export function matrixView(
  runs: readonly RunSummary[],
  columns: readonly Column[],
  numbers: ReadonlyMap<string, number>,
): Pick<PageIndex, 'findings' | 'nowhere'> {
  const rows = rowsOf(columns)
  return {
    findings: findingsOf(rows).map((finding) => ({
      verdict: finding.verdict,
      text: shownLine(findingText(finding), 400),
      tests: finding.tests.flatMap((test) => numbers.get(test) ?? []),
      runs: runs.flatMap((run, at) =>
        finding.columns.some((column) => column.runs.includes(run)) ? [at] : [],
      ),
    })),
    nowhere: nowhereOf(columns, rows).map(({ test, reasons }) => ({
      t: numbers.get(test) ?? 0,
      reasons: reasons.slice(0, 20).map((reason) => shownLine(reason, 600)),
    })),
  }
}
