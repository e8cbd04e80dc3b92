// The part of the Markdown summary that is about several targets: a table of targets, what has to do with where a test ran, and
// the tests that are not green everywhere, target by target.

import { formatSeconds } from '../harness/deadline.ts'
import { verdictOrder } from '../harness/verdict.ts'
import { codeSpan, markdownLine, signs } from './markdown-text.ts'
import {
  type Column,
  columnLabels,
  columnsOf,
  findingsOf,
  findingText,
  nowhereOf,
  type Row,
  rowsOf,
} from './matrix/index.ts'
import type { Summary } from './run-summary.ts'

const ROWS_SHOWN = 50
const FINDINGS_SHOWN = 30
const NAMES_SHOWN = 20

/** Nothing of a single target. */
export function matrixText(summary: Pick<Summary, 'runs'>): readonly string[] {
  const columns = columnsOf(summary)
  if (columns.length < 2) return []
  const rows = rowsOf(columns)
  const nowhere = nowhereOf(columns, rows)
  return [
    ...targetTable(columns),
    ...findingLines(rows),
    ...(nowhere.length === 0
      ? []
      : [
          '',
          `<details><summary>${nowhere.length === 1 ? '1 test runs' : `${nowhere.length} tests run`} on none of these targets</summary>\n`,
          ...nowhere
            .slice(0, ROWS_SHOWN)
            .map(({ test, reasons }) => `- ${codeSpan(test)}: ${markdownLine(reasons.join('; '))}`),
          ...(nowhere.length > ROWS_SHOWN ? [`- and ${nowhere.length - ROWS_SHOWN} more`] : []),
          '\n</details>',
        ]),
    ...rowTable(columns, rows),
  ]
}

function targetTable(columns: readonly Column[]): readonly string[] {
  const verdicts = verdictOrder.filter((verdict) => columns.some((column) => column.verdicts[verdict] > 0))
  return [
    '',
    `| Target | ${verdicts.map((verdict) => `${signs[verdict]} ${verdict}`).join(' | ')} | Time |`,
    `| --- | ${verdicts.map(() => '---:').join(' | ')} | ---: |`,
    ...columns.map(
      (column) =>
        `| ${codeSpan(column.name)} | ${verdicts.map((verdict) => column.verdicts[verdict] || '').join(' | ')} | ${formatSeconds(column.durationMs)} |`,
    ),
  ]
}

function findingLines(rows: readonly Row[]): readonly string[] {
  const findings = findingsOf(rows)
  if (findings.length === 0) return []
  const left = findings.length - FINDINGS_SHOWN
  return [
    '',
    ...findings.slice(0, FINDINGS_SHOWN).map((finding) => {
      const { tests, verdict } = finding
      const names = tests.slice(0, NAMES_SHOWN).map(codeSpan).join(', ')
      const more = tests.length > NAMES_SHOWN ? ` and ${tests.length - NAMES_SHOWN} more` : ''
      return `- ${signs[verdict]} ${names}${more} **${markdownLine(findingText(finding))}**`
    }),
    ...(left > 0 ? [`- and ${left} more of this kind`] : []),
  ]
}

/** The tests that came out as something else than passed or skipped somewhere. */
function rowTable(columns: readonly Column[], rows: readonly Row[]): readonly string[] {
  const notGreen = rows.filter(({ cells }) =>
    [...cells.values()].some(({ verdict }) => verdict !== 'passed' && verdict !== 'skipped'),
  )
  if (notGreen.length === 0) return []
  const heads = columnLabels(columns).map((parts) => parts.map((part) => markdownLine(part)).join('<br>'))
  const left = notGreen.length - ROWS_SHOWN
  return [
    '',
    `| Test | ${heads.join(' | ')} |`,
    `| --- | ${heads.map(() => ':---:').join(' | ')} |`,
    ...notGreen.slice(0, ROWS_SHOWN).map(({ test, cells }) => {
      const signsOf = columns.map((column) => {
        const cell = cells.get(column)
        return cell === undefined ? '' : signs[cell.verdict]
      })
      return `| ${codeSpan(test)} | ${signsOf.join(' | ')} |`
    }),
    ...(left > 0 ? ['', `and ${left} more tests that are not green everywhere.`] : []),
  ]
}
