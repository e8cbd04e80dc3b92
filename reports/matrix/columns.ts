// The columns of a report: one a target, with what tells it from the others and how each test came out on it. Pure.

import type { Target, VerdictCounts } from '../../harness/model.ts'
import { addVerdicts, noVerdicts } from '../../harness/verdict.ts'
import { cellName, type RunSummary, type Summary, type TestSummary } from '../run-summary.ts'

export interface Column {
  readonly name: string
  /** By name; an axis that its target says nothing of is not in it. */
  readonly axes: ReadonlyMap<string, string>
  /** Several where a target was sharded. */
  readonly runs: readonly RunSummary[]
  readonly verdicts: VerdictCounts
  readonly durationMs: number
}

/** The axis of what both kinds of UEFI have in common. */
export const FIRMWARE_FAMILY = 'firmware family'

/** Runs of one name are one column, in the order of the summary. */
export function columnsOf({ runs }: Pick<Summary, 'runs'>): readonly Column[] {
  return [...Map.groupBy(runs, cellName)].map(([name, members]) => ({
    name,
    axes: axesOf(members.find(({ target }) => target !== undefined)?.target),
    runs: members,
    verdicts: members.reduce((total, run) => addVerdicts(total, run.verdicts), noVerdicts),
    durationMs: members.reduce((total, run) => total + run.durationMs, 0),
  }))
}

function axesOf(target: Target | undefined): ReadonlyMap<string, string> {
  if (target === undefined) return new Map()
  const { architecture, firmware, platform, distro, channel, version, axes = {} } = target
  const { tpm, ...others } = axes
  return new Map(
    Object.entries({
      architecture,
      firmware,
      [FIRMWARE_FAMILY]: firmware.replace(/-secure$/, ''),
      ...(tpm === undefined ? {} : { tpm }),
      platform,
      distro,
      channel,
      version,
      ...others,
    }),
  )
}

/** How one test came out, column by column; a column that does not have it is not among them. */
export interface Row {
  readonly test: string
  readonly cells: ReadonlyMap<Column, TestSummary>
}

/** A row a test, in the order in which they are met. */
export function rowsOf(columns: readonly Column[]): readonly Row[] {
  const rows = new Map<string, Map<Column, TestSummary>>()
  for (const column of columns)
    for (const test of column.runs.flatMap(({ tests }) => tests)) {
      const cells = rows.get(test.test) ?? new Map<Column, TestSummary>()
      rows.set(test.test, cells)
      // A shard may name the tests of others as skipped.
      const known = cells.get(column)
      if (known === undefined || known.verdict === 'skipped') cells.set(column, test)
    }
  return [...rows].map(([test, cells]) => ({ test, cells }))
}

/** A test that no column runs, and why not. */
export interface Nowhere {
  readonly test: string
  readonly reasons: readonly string[]
}

/** Tests that were planned to be skipped in every column that has them; none where there is one column only. */
export function nowhereOf(columns: readonly Column[], rows: readonly Row[]): readonly Nowhere[] {
  if (columns.length < 2) return []
  return rows.flatMap(({ test, cells }) => {
    const all = [...cells.values()]
    if (!all.every(({ expectation }) => expectation?.kind === 'skip')) return []
    return [{ test, reasons: [...new Set(all.flatMap(({ reason }) => reason ?? []))] }]
  })
}
