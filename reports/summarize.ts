// The pure fold from events to a summary: any number of runs, in any mixture. Every report is written from its result.

import type { SignalboxEvent } from '../harness/events.ts'
import { addVerdicts, type ExitPolicy, exitCodeOf, noVerdicts } from '../harness/verdict.ts'
import { cellNames } from './cells.ts'
import { exitStateOf, type RunFold, startRunFold } from './fold-run.ts'
import {
  cellName,
  type Notice,
  RUN_SCHEMA,
  type RunSummary,
  type Summary,
  targetName,
  type TestSummary,
} from './run-summary.ts'

export interface Summarizer {
  add(event: SignalboxEvent): void
  /** One test of a run as it stands, without the cost of a whole summary. */
  test(run: string, name: string): TestSummary | undefined
  /** What the events so far come to; may be asked at any time and again. */
  summary(options?: SummaryOptions): Summary
}

export interface SummaryOptions extends ExitPolicy {
  /** Notices of reading the events, to be carried into every report. */
  readonly notices?: readonly Notice[]
}

/** Starts an empty summary; memory grows with attempts, not with events. */
export function createSummarizer(): Summarizer {
  const runs = new Map<string, RunFold>()
  return {
    add(event) {
      let fold = runs.get(event.run)
      if (fold === undefined) {
        fold = startRunFold(event)
        runs.set(event.run, fold)
      }
      fold.add(event)
    },
    test: (run, name) => runs.get(run)?.test(name),
    summary: (options = {}) =>
      summarizeRuns(
        [...runs.values()].map((fold) => fold.summary(options)),
        options,
      ),
  }
}

/** All events of one or several runs -> their summary. */
export function summarize(events: Iterable<SignalboxEvent>, options: SummaryOptions = {}): Summary {
  const summarizer = createSummarizer()
  for (const event of events) summarizer.add(event)
  return summarizer.summary(options)
}

/** The summary of runs that were folded already: of records. */
export function summarizeRuns(unordered: readonly RunSummary[], options: SummaryOptions = {}): Summary {
  const runs = named(unordered.toSorted(byTargetThenStart))
  const verdicts = runs.reduce((total, run) => addVerdicts(total, run.verdicts), noVerdicts)
  return {
    schema: RUN_SCHEMA,
    planned: sum(runs, (run) => run.planned),
    finished: sum(runs, (run) => run.finished),
    missing: runs.flatMap((run) =>
      run.missing.map((test) => ({
        run: run.run,
        target: cellName(run),
        test,
      })),
    ),
    verdicts,
    exitCode: exitCodeOf(
      verdicts,
      stateOf(runs),
      failsOnFlaky(runs) ? { ...options, failOnFlaky: true } : options,
    ),
    durationMs: timeCovered(runs),
    runs,
    notices: options.notices ?? [],
  }
}

function named(runs: readonly RunSummary[]): readonly RunSummary[] {
  const names = cellNames(runs)
  return runs.map((run, index) => {
    const cell = names[index]
    return cell === undefined || cell === targetName(run) ? run : { ...run, cell }
  })
}

/** Whether a run with flaky tests was asked to fail for them: then it fails the whole. */
function failsOnFlaky(runs: readonly RunSummary[]): boolean {
  return runs.some((run) => run.plan?.failOnFlaky === true && run.verdicts.flaky > 0)
}

function stateOf(runs: readonly RunSummary[]): ReturnType<typeof exitStateOf> {
  const states = runs.map(exitStateOf)
  const gravest = (['interrupted', 'unusable', 'incomplete'] as const).find((state) => states.includes(state))
  return gravest ?? (runs.length === 0 ? 'incomplete' : 'finished')
}

function sum(runs: readonly RunSummary[], figure: (run: RunSummary) => number): number {
  return runs.reduce((total, run) => total + figure(run), 0)
}

/** The time in which at least one of them ran: targets of one command run beside each other. */
function timeCovered(runs: readonly RunSummary[]): number {
  let total = 0
  let coveredTo = -Infinity
  const spans = runs.map(({ startedAt, durationMs }) => ({ from: Date.parse(startedAt), durationMs }))
  for (const { from, durationMs } of spans.toSorted((a, b) => a.from - b.from)) {
    const to = from + durationMs
    total += Math.max(0, to - Math.max(from, coveredTo))
    coveredTo = Math.max(coveredTo, to)
  }
  return total
}

function byTargetThenStart(a: RunSummary, b: RunSummary): number {
  return compare(targetName(a), targetName(b)) || compare(a.startedAt, b.startedAt) || compare(a.run, b.run)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
