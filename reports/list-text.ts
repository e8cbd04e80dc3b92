// The terminal list of a run that is over, as one text: what `report show` prints.

import { noticeLine, runHead, sharedBootLine, verdictLine } from './list-lines.ts'
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
      ...runHead(run, look),
      ...run.notices.map((notice) => noticeLine(notice, look)),
      ...verdictLines(run, look),
    ]),
    ...summaryLines(summary, look),
  ]
  return look.encode(lines.map((line) => `${line}\n`).join(''))
}

/** The verdicts in the order of the plan; a boot that tests share stands once, before the first of them. */
function verdictLines(run: RunSummary, look: Look): readonly string[] {
  const boots = new Map<string, string>()
  for (const { attempts, milestones, name } of run.machines) {
    const ssh = milestones.find((item) => item.milestone === 'ssh')
    const members = new Set(attempts.map((ref) => ref.test))
    if (attempts.length < 2 || ssh === undefined) continue
    const first = run.tests.find((test) => members.has(test.test))
    if (first === undefined) continue
    boots.set(first.test, sharedBootLine(first.group ?? name, attempts.length, ssh.sinceMs, look))
  }
  return run.tests.flatMap((test) => {
    const boot = boots.get(test.test)
    return [...(boot === undefined ? [] : [boot]), verdictLine(test, look)]
  })
}
