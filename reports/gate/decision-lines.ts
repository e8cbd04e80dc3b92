// A decision for people: a table of the rules, what is not satisfied, what would satisfy it. Guest text is made safe here.

import { oneLine } from '../../harness/hostile-text.ts'
import type { Decision, Requirement, RuleResult } from './decision.ts'
import { shellLine } from './shell-line.ts'

/** Requirements that are listed; the file has all of them. */
const MOST_LISTED = 40

/** The lines. */
export function decisionLines(decision: Decision): readonly string[] {
  const { summary, rules, unsatisfied, waived, commands, waivers, notes } = decision
  return [
    oneLine(summary),
    '',
    ...tableLines(rules),
    ...section('Not satisfied', requirementLines(unsatisfied)),
    ...section('Waived', requirementLines(waived)),
    ...section(
      'Waivers without effect',
      waivers
        .filter(({ state }) => state !== 'applied')
        .map(
          ({ state, test, target, tracker, message }) =>
            `${state}: ${oneLine(test, 80)} on ${oneLine(target, 80)} (${oneLine(tracker, 80)}): ${oneLine(message)}`,
        ),
    ),
    ...section('What would bring the missing results', commands.map(shellLine)),
    ...section('Notes', firstOf(notes.map(({ message }) => oneLine(message, 400)))),
  ]
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)]
}

function tableLines(rules: readonly RuleResult[]): readonly string[] {
  const rows = [
    ['rule', 'asks', 'satisfied', 'waived', 'open'],
    ...rules.map(({ rule, asks, total, satisfied, waived, unsatisfied }) => [
      oneLine(rule, 40),
      oneLine(asks, 70),
      `${satisfied} of ${total}`,
      waived === 0 ? '' : `${waived}`,
      unsatisfied === 0 ? '' : `${unsatisfied}`,
    ]),
  ]
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    `  ${row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ')}`.trimEnd(),
  )
}

function requirementLines(requirements: readonly Requirement[]): readonly string[] {
  const width = Math.max(0, ...requirements.map(({ kind }) => kind.length))
  return firstOf(
    requirements.map(({ kind, rule, message, fingerprints = [] }) => {
      const failures = fingerprints.length === 0 ? '' : `, ${fingerprints.join(', ')}`
      return `${kind.padEnd(width)}  ${oneLine(message, 400)}  [${oneLine(rule, 60)}${failures}]`
    }),
  )
}

function firstOf(lines: readonly string[]): readonly string[] {
  if (lines.length <= MOST_LISTED) return lines
  return [...lines.slice(0, MOST_LISTED), `... and ${lines.length - MOST_LISTED} more: see decision.json`]
}
