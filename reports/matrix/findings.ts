// What has to do with where a test ran: it failed on exactly the targets that have one value of an axis in common, and passed on
// the others. Pure.

import type { Verdict } from '../../harness/model.ts'
import { type Column, FIRMWARE_FAMILY, type Row } from './columns.ts'

/** A value of an axis; undefined: the columns whose target says nothing of it. */
export interface AxisValue {
  readonly axis: string
  readonly value: string | undefined
}

/**
 * Which columns are meant. `value`: all that have it; several alternatives where these columns do not tell them apart. `but`: all that
 * do not have it. `both`: all that have both. `column`: one, and no axis says which.
 */
export type Where =
  | { readonly kind: 'value'; readonly alternatives: readonly AxisValue[] }
  | { readonly kind: 'but'; readonly alternatives: readonly AxisValue[] }
  | { readonly kind: 'both'; readonly values: readonly [AxisValue, AxisValue] }
  | { readonly kind: 'column' }

/** The verdicts that are asked about, and on which others a test may have come out well. */
const questions = [
  { verdict: 'failed', judged: ['failed', 'passed', 'flaky'] },
  { verdict: 'infra', judged: ['infra', 'failed', 'passed', 'flaky', 'warned'] },
  { verdict: 'flaky', judged: ['flaky', 'passed'] },
] as const satisfies readonly { readonly verdict: Verdict; readonly judged: readonly Verdict[] }[]

export type FoundVerdict = (typeof questions)[number]['verdict']

export interface Finding {
  readonly verdict: FoundVerdict
  readonly where: Where
  readonly columns: readonly Column[]
  /** At least one. */
  readonly tests: readonly string[]
}

/** Tests with the same answer stand together, the gravest and then the most numerous first. */
export function findingsOf(rows: readonly Row[]): readonly Finding[] {
  const found = new Map<string, { readonly finding: Omit<Finding, 'tests'>; readonly tests: string[] }>()
  for (const { test, cells } of rows)
    for (const { verdict, judged } of questions) {
      const asked = [...cells].filter(([, cell]) => (judged as readonly Verdict[]).includes(cell.verdict))
      const [those, others] = [true, false].map((isSo) =>
        asked.flatMap(([column, cell]) => ((cell.verdict === verdict) === isSo ? [column] : [])),
      )
      const where = explain(those ?? [], others ?? [])
      if (where === undefined) continue
      const columns = those ?? []
      const key = JSON.stringify([verdict, where, columns.map(({ name }) => name)])
      const known = found.get(key) ?? { finding: { verdict, where, columns }, tests: [] }
      known.tests.push(test)
      found.set(key, known)
    }
  const weight = (verdict: FoundVerdict): number =>
    questions.findIndex((question) => question.verdict === verdict)
  return [...found.values()]
    .map(({ finding, tests }) => ({ ...finding, tests }))
    .toSorted((a, b) => weight(a.verdict) - weight(b.verdict) || b.tests.length - a.tests.length)
}

/** What `those` columns have that none of the `others` has; undefined where it is neither an axis nor a single column. */
export function explain(those: readonly Column[], others: readonly Column[]): Where | undefined {
  if (those.length === 0 || others.length === 0) return undefined
  const all = [...those, ...others]
  const values = valuesOf(all)
  const isExactly = (wanted: readonly Column[], isMeant: (column: Column) => boolean): boolean =>
    all.every((column) => isMeant(column) === wanted.includes(column))
  const exact = values.filter((each) => isExactly(those, (column) => has(column, each)))
  if (exact.length > 0) return { kind: 'value', alternatives: plain(exact) }
  const but = values.filter((each) => isExactly(others, (column) => has(column, each)))
  if (but.length > 0) return { kind: 'but', alternatives: plain(but) }
  for (const [index, first] of values.entries())
    for (const second of values.slice(index + 1))
      if (isExactly(those, (column) => has(column, first) && has(column, second)))
        return { kind: 'both', values: [first, second] }
  return those.length === 1 ? { kind: 'column' } : undefined
}

function has({ axes }: Column, { axis, value }: AxisValue): boolean {
  return axes.get(axis) === value
}

/** Every value of every axis on which these columns differ. */
function valuesOf(columns: readonly Column[]): readonly AxisValue[] {
  const names = [...new Set(columns.flatMap(({ axes }) => [...axes.keys()]))]
  return names.flatMap((axis) => {
    const values = [...new Set(columns.map(({ axes }) => axes.get(axis)))]
    return values.length < 2 ? [] : values.map((value) => ({ axis, value }))
  })
}

/** A family says nothing more where the firmware itself says it. */
function plain(values: readonly AxisValue[]): readonly AxisValue[] {
  const others = values.filter(({ axis }) => axis !== FIRMWARE_FAMILY)
  return others.some(({ axis }) => axis === 'firmware') ? others : values
}
