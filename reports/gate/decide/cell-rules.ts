// The rules about cells, each over the cells that it counts for: the first rule that is about a cell.

import type { DecisionNote } from '../decision.ts'
import type { CellRule, FlakeBudget, Passes, Policy } from '../policy.ts'
import { compileSelector } from '../selector.ts'
import { shareText, spanText } from '../span.ts'
import { unmatchedFindings } from './completeness.ts'
import type { Finding, RuleFindings } from './finding.ts'
import type { Cell } from './gather-cells.ts'
import { describe, judgeCell } from './judge-cell.ts'
import { judgeFlakes, type FlakeHistory } from './judge-flakes.ts'

export interface CellContext {
  readonly policy: Policy
  readonly cells: ReadonlyMap<string, Cell>
  readonly baseline: ReadonlyMap<string, Cell>
  readonly history: FlakeHistory
  readonly nowMs: number
}

export interface CellResults {
  readonly rules: readonly RuleFindings[]
  readonly notes: readonly DecisionNote[]
  /** Those that some rule asks something of. */
  readonly required: readonly Cell[]
  /** How many of them are as their rule asks. */
  readonly satisfied: number
  readonly notRequired: number
}

/** Judges every cell by its rule. */
export function judgeCells(context: CellContext): CellResults {
  const { policy, cells } = context
  const rules = policy.rules.map((rule) => ({
    rule,
    selector: compileSelector(rule),
    cells: new Array<Cell>(),
    findings: new Array<Finding>(),
  }))
  const notes: DecisionNote[] = []
  let notRequired = 0
  for (const [key, cell] of cells) {
    const chosen = rules.find(({ selector }) => selector.admits(cell))
    if (chosen === undefined || chosen.rule.require.kind === 'nothing') {
      notRequired += 1
      continue
    }
    chosen.cells.push(cell)
    const { finding, note } = judgeOne(key, cell, chosen.rule, context)
    if (finding !== undefined) chosen.findings.push(finding)
    if (note !== undefined) notes.push(note)
  }
  const all = [...cells.values()]
  return {
    rules: rules.map(({ rule, cells: own, findings }) => {
      const unmatched = unmatchedFindings(rule, all)
      return {
        rule: rule.name,
        asks: asksText(rule),
        total: own.length + unmatched.length,
        findings: [...findings, ...unmatched],
      }
    }),
    notes,
    required: rules.flatMap((each) => each.cells),
    satisfied: rules.reduce((sum, each) => sum + each.cells.length - each.findings.length, 0),
    notRequired,
  }
}

function judgeOne(
  key: string,
  cell: Cell,
  rule: CellRule,
  { policy, baseline, history, nowMs }: CellContext,
): { readonly finding?: Finding; readonly note?: DecisionNote } {
  const judgement = judgeCell(cell, rule, { cell: baseline.get(key) })
  if (judgement.kind === 'unsatisfied') return { finding: judgement.finding }
  const note = judgement.note === undefined ? {} : { note: judgement.note }
  if (cell.judged.length === 0) return note
  const stale = staleFinding(cell, rule, policy, nowMs)
  if (stale !== undefined) return { finding: stale, ...note }
  const flaky =
    rule.flakes === undefined
      ? undefined
      : judgeFlakes(cell, { ...rule, flakes: rule.flakes }, history, nowMs)
  return flaky === undefined ? note : { finding: flaky, ...note }
}

function staleFinding(cell: Cell, rule: CellRule, { freshMs }: Policy, nowMs: number): Finding | undefined {
  if (freshMs === undefined || cell.judgedAtMs === undefined) return undefined
  const ageMs = nowMs - cell.judgedAtMs
  if (ageMs <= freshMs) return undefined
  return {
    kind: 'stale',
    effect: 'need-more-results',
    rule: rule.name,
    message: `${describe(cell)} was last judged ${spanText(ageMs)} ago, and results may be ${spanText(freshMs)} old`,
    test: cell.test,
    target: cell.target,
    rerun: { run: cell.run, tests: [cell.test] },
  }
}

/** The share of required cells that the platform or the harness lost an attempt of. */
export function infraRules({ infraAtMost }: Policy, required: readonly Cell[]): readonly RuleFindings[] {
  if (infraAtMost === undefined) return []
  const lost = required.filter((cell) => cell.lost > 0).length
  const share = required.length === 0 ? 0 : lost / required.length
  const asks = `the platform loses at most ${shareText(infraAtMost)} of the cells`
  const message = `the platform or the harness lost attempts of ${lost} of ${required.length} cells (${shareText(share)}), and ${shareText(infraAtMost)} are admitted: these runs prove little`
  const findings: readonly Finding[] =
    share <= infraAtMost ? [] : [{ kind: 'infra', effect: 'need-more-results', rule: 'infra', message }]
  return [{ rule: 'infra', asks, total: 1, findings }]
}

function asksText({ require, flakes }: CellRule): string {
  return flakes === undefined ? passesText(require) : `${passesText(require)}, ${budgetText(flakes)}`
}

function passesText(require: Passes): string {
  switch (require.kind) {
    case 'first-attempt':
      return 'every attempt passes'
    case 'any-attempt':
      return 'an attempt passes'
    case 'some':
      return `${require.passes} of ${require.of} attempts pass`
    case 'nothing':
      return 'nothing'
    default:
      return require satisfies never
  }
}

function budgetText({ atMost, confidence }: FlakeBudget): string {
  return `flakes at most ${shareText(atMost)} (${shareText(confidence)} confidence)`
}
