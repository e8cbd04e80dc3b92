// The page of one or several runs, from their events: the index, the details of attempts, the lines of logs, each within
// its own budget. What is not green comes first, so that a full budget has cut green attempts.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { SignalboxEvent } from '../../harness/events.ts'
import type { AttemptSummary, RunSummary, Summary, TestSummary } from '../run-summary.ts'
import type { AttemptLogs, PageAttempt, PageBaseline, PageCell, PageIndex } from './data.ts'
import type { Decision } from '../gate/decision.ts'
import type { GreenAttempt } from './baseline.ts'
import { detailOf } from './detail.ts'
import { gateView } from './gate-view.ts'
import { attemptOf, cellOf, noticesOf, runOf, startInterner, testsOf, titleOf } from './index-cells.ts'
import { matrixView } from './matrix-view.ts'
import { columnLabels, columnsOf } from '../matrix/index.ts'
import { type LogLimits, readMachineLogs } from './machine-logs.ts'
import { type Packer, startPacker } from './pack.ts'
import { packItems } from './page/codec.ts'
import { pageText } from './page-text.ts'
import { shownLine } from './shown-text.ts'
import { type AttemptTrace, type RunTrace, traceKey, traceRuns } from './trace.ts'

export interface HtmlInput {
  readonly summary: Summary
  /** All that the summary was made of. */
  readonly events: Iterable<SignalboxEvent>
  /** What paths of the events are relative to; undefined: logs are not looked for. */
  readonly folder: string | undefined
  /** What the gate decided on these runs. */
  readonly decision?: Decision
  /** Earlier green attempts of tests that are not green here. */
  readonly baselines?: readonly GreenAttempt[]
  readonly budget?: HtmlBudget
  /** The address of the dashboard that shows it. */
  readonly home?: string
}

/** Bytes of the page, in base64. */
export interface HtmlBudget {
  readonly detailBytes: number
  readonly logBytes: number
}

export const DEFAULT_BUDGET: HtmlBudget = { detailBytes: 11 * 1024 * 1024, logBytes: 8 * 1024 * 1024 }

const RED_LOGS: LogLimits = { lines: 2000, consoleBytes: 512 * 1024, journalBytes: 2 * 1024 * 1024 }
const GREEN_LOGS: LogLimits = { lines: 1500, consoleBytes: 256 * 1024, journalBytes: 1536 * 1024 }

/** An attempt on its way into the page. */
interface Entry {
  readonly attempt: AttemptSummary
  readonly trace: AttemptTrace
  readonly epochMs: number
  readonly folder: string | undefined
  readonly rank: number
  page: PageAttempt
}

/** The whole page as text. */
export async function htmlText(input: HtmlInput): Promise<string> {
  const { summary, folder, budget = DEFAULT_BUDGET } = input
  const traces = traceRuns(input.events)
  const { tests, numbers } = testsOf(summary.runs)
  const causes = startInterner()
  const entries: Entry[] = []
  const runs = summary.runs.map((run) => {
    const machines = new Map(run.machines.map((machine) => [machine.machine, machine]))
    const cells = run.tests.map((test) => {
      const cell = cellOf(test, numbers.get(test.test) ?? 0, machines, causes)
      const own = entriesOf(test, cell, traces.get(run.run), folder)
      entries.push(...own)
      return { cell, own }
    })
    return { run, cells }
  })
  const baselines = (input.baselines ?? []).flatMap((green) => {
    const t = numbers.get(green.test)
    if (t === undefined) return []
    const machines = new Map(green.machines.map((machine) => [machine.machine, machine]))
    const entry: Entry = { ...green, rank: 2, page: attemptOf(green.attempt, machines) }
    entries.push(entry)
    return [{ green, t, entry }]
  })

  const ordered = entries.toSorted((a, b) => a.rank - b.rank)
  const details = startPacker(0, budget.detailBytes)
  for (const entry of ordered) await addDetail(entry, details)
  const detailChunks = await details.finish()
  const logs = startPacker(detailChunks.length, budget.logBytes)
  await addLogs(ordered, logs)
  const logChunks = await logs.finish()

  const columns = columnsOf(summary)
  const labels = columnLabels(columns)
  const labelOf = (run: RunSummary): readonly string[] =>
    labels[columns.findIndex((column) => column.runs.includes(run))] ?? []
  const index: PageIndex = {
    version: 1,
    title: titleOf(summary.runs, summary.durationMs),
    ...(input.home === undefined ? {} : { home: input.home }),
    runs: runs.map(({ run, cells }) =>
      runOf(
        run,
        labelOf(run),
        cells.map(({ cell, own }) => withPlaces(cell, own)),
      ),
    ),
    tests,
    causes: causes.texts,
    verdicts: summary.verdicts,
    planned: summary.planned,
    finished: summary.finished,
    notices: noticesOf(summary.notices),
    ...(input.decision === undefined ? {} : { gate: gateView(input.decision) }),
    ...matrixView(summary.runs, columns, numbers),
    baselines: baselines.map(({ green, t, entry }): PageBaseline => ({
      run: shownLine(green.run, 200),
      startedAt: shownLine(green.startedAt, 40),
      ...(green.image === undefined ? {} : { image: shownLine(green.image, 200) }),
      t,
      target: shownLine(green.target, 200),
      a: entry.page,
    })),
  }
  return pageText(index, [...detailChunks, ...logChunks])
}

function entriesOf(
  test: TestSummary,
  cell: PageCell,
  trace: RunTrace | undefined,
  folder: string | undefined,
): readonly Entry[] {
  const isGreen = test.verdict === 'passed' || test.verdict === 'skipped'
  return test.attempts.flatMap((attempt, index): readonly Entry[] => {
    const own = trace?.attempts.get(traceKey({ test: test.test, n: attempt.n }))
    const page = cell.a[index]
    if (own === undefined || trace === undefined || page === undefined) return []
    const isRed = attempt.outcome !== 'passed' && attempt.outcome !== 'skipped'
    const rank = isRed ? 0 : isGreen ? 3 : 1
    return [{ attempt, trace: own, epochMs: trace.epochMs, folder, rank, page }]
  })
}

async function addDetail(entry: Entry, details: Packer): Promise<void> {
  const d = await details.add(() => {
    const { items, ...rest } = detailOf(entry.attempt, entry.trace)
    return { ...rest, items: packItems(items) }
  })
  if (d !== undefined) entry.page = { ...entry.page, d }
}

/** Until the budget is used up; files are read a few at a time. */
async function addLogs(all: readonly Entry[], logs: Packer): Promise<void> {
  const AT_ONCE = 16
  const isThere = knownFolders()
  // Of a run whose folder is gone, or is elsewhere, not every file is asked for.
  const entries = all.filter(
    ({ folder, trace }) =>
      folder !== undefined &&
      trace.machines.some(({ files }) => files.values().some((path) => isThere(folder, path))),
  )
  for (let from = 0; from < entries.length; from += AT_ONCE) {
    const batch = entries.slice(from, from + AT_ONCE)
    const read = await Promise.all(batch.map(logsOf))
    for (const [index, lines] of read.entries()) {
      const entry = batch[index]
      if (entry === undefined || lines === undefined) continue
      const l = await logs.add(() => ({ ...lines, items: packItems(lines.items) }))
      if (l === undefined) return
      entry.page = { ...entry.page, l }
    }
  }
}

/** Whether the folder that holds the first part of a relative path is there; each is looked at once. */
function knownFolders(): (folder: string, path: string) => boolean {
  const known = new Map<string, boolean>()
  return (folder, path) => {
    const top = join(folder, path.split('/', 1)[0] ?? '')
    const found = known.get(top) ?? existsSync(top)
    known.set(top, found)
    return found
  }
}

async function logsOf(entry: Entry): Promise<AttemptLogs | undefined> {
  const { folder, trace, rank, epochMs } = entry
  if (folder === undefined) return undefined
  const limits = rank < 3 ? RED_LOGS : GREEN_LOGS
  const all = await Promise.all(
    trace.machines.map(async (machine) => await readMachineLogs(machine, folder, epochMs, limits)),
  )
  const items = all.flatMap((each) => each.items).toSorted((a, b) => a.at - b.at)
  return items.length === 0 ? undefined : { items, omitted: all.flatMap((each) => each.omitted) }
}

function withPlaces(cell: PageCell, own: readonly Entry[]): PageCell {
  const pages = new Map(own.map((entry) => [entry.attempt.n, entry.page]))
  return { ...cell, a: cell.a.map((attempt) => pages.get(attempt.n) ?? attempt) }
}
