// The part of the terminal list that is about several targets: a line a target, what has to do with where a test ran, what ran
// nowhere.

import { formatSeconds } from '../harness/deadline.ts'
import { oneLine } from '../harness/hostile-text.ts'
import { verdictOrder } from '../harness/verdict.ts'
import { verdictPaint } from './list-lines.ts'
import { type Column, columnsOf, findingsOf, findingText, nowhereOf, rowsOf } from './matrix/index.ts'
import type { Summary } from './run-summary.ts'
import type { Look } from './terminal.ts'

const FINDINGS_SHOWN = 20
const NAMES_SHOWN = 8

/** Nothing of a single target. */
export function matrixLines(summary: Summary, look: Look): readonly string[] {
  const columns = columnsOf(summary)
  if (columns.length < 2) return []
  const rows = rowsOf(columns)
  const findings = findingsOf(rows)
  const left = findings.length - FINDINGS_SHOWN
  const nowhere = nowhereOf(columns, rows)
  const notes = [
    ...findings
      .slice(0, FINDINGS_SHOWN)
      .map((finding) =>
        verdictPaint(look.colors, finding.verdict)(`${someOf(finding.tests)} ${findingText(finding)}`),
      ),
    ...(left > 0 ? [look.colors.dim(`${left} more of this kind: see the reports`)] : []),
    ...(nowhere.length === 0
      ? []
      : [
          look.colors.yellow(
            `${someOf(nowhere.map(({ test }) => test))} ${nowhere.length === 1 ? 'runs' : 'run'} on none of these targets`,
          ),
        ]),
  ]
  return [
    ...tableLines(columns, look).map((line) => `  ${line}`),
    ...(notes.length === 0 ? [] : ['', ...notes.map((note) => `  ${note}`)]),
    '',
  ]
}

function tableLines(columns: readonly Column[], { colors }: Look): readonly string[] {
  const verdicts = verdictOrder.filter((verdict) => columns.some((column) => column.verdicts[verdict] > 0))
  const texts = columns.map((column) => [
    oneLine(column.name, 80),
    ...verdicts.map((verdict) => String(column.verdicts[verdict] || '-')),
    formatSeconds(column.durationMs),
  ])
  const head = ['target', ...verdicts, 'time']
  const widths = head.map((word, at) => Math.max(word.length, ...texts.map((row) => row[at]?.length ?? 0)))
  const pad = (text: string, at: number): string =>
    at === 0 ? text.padEnd(widths[at] ?? 0) : at === head.length - 1 ? text : text.padStart(widths[at] ?? 0)
  return [
    colors.dim(head.map(pad).join('  ')),
    ...texts.map((row) =>
      row
        .map((text, at) => {
          const verdict = verdicts[at - 1]
          const padded = pad(text, at)
          if (verdict === undefined) return padded
          return text === '-' ? colors.dim(padded) : verdictPaint(colors, verdict)(padded)
        })
        .join('  '),
    ),
  ]
}

/** `a`, or `12 tests: a, b, ... and 4 more`. */
function someOf(tests: readonly string[]): string {
  const names = tests.slice(0, NAMES_SHOWN).map((test) => oneLine(test, 100))
  const more = tests.length - names.length
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
