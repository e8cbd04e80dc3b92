// The terminal list of a run that is over, as one text: what `report show` prints.

import { bootLine, noticeLine, runHead, verdictBlock } from './list-lines.ts'
import { summaryLines } from './list-summary.ts'
import type { RunSummary, Summary } from './run-summary.ts'
import { type Look, lookOf } from './terminal.ts'

export interface TextOptions {
  /** Default: false. */
  readonly colors?: boolean
  /** Default: true. */
  readonly unicode?: boolean
  /** Columns of the terminal; verdict lines are cut to it. Default: endless. */
  readonly width?: number
}

/** Head, verdicts in the order of the plan, failures, counts. */
export function listText(summary: Summary, options: TextOptions = {}): string {
  const { colors = false, unicode = true, width = Infinity } = options
  const look = lookOf({ colors, unicode }, width)
  const lines = [
    ...summary.runs.flatMap((run, index) => [
      ...(index === 0 ? [] : ['']),
      ...runHead(run, look, summary.runs.length > 1),
      ...run.notices.map((notice) => noticeLine(notice, look)),
      ...verdictLines(run, look),
    ]),
    ...summaryLines(summary, look),
  ]
  return look.encode(lines.map((line) => `${line}\n`).join(''))
}

/** The verdicts in the order of the plan; a boot that tests share or fork stands once, before the first of them. */
function verdictLines(run: RunSummary, look: Look): readonly string[] {
  const boots = new Map<string, readonly string[]>()
  for (const machine of run.machines) {
    const members = new Set(machine.attempts.map((ref) => ref.test))
    const first = run.tests.find((test) => members.has(test.test))
    if (first === undefined) continue
    const lines = machine.milestones.flatMap((item) => bootLine(machine, item, first.group, look) ?? [])
    boots.set(first.test, [...(boots.get(first.test) ?? []), ...lines])
  }
  return run.tests.flatMap((test) => [...(boots.get(test.test) ?? []), ...verdictBlock(test, look)])
}
