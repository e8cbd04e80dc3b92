// The last green attempt of each test that is not green now, from events of earlier runs.

import type { SignalboxEvent } from '../../harness/events.ts'
import {
  type AttemptSummary,
  judgedAttempts,
  type MachineSummary,
  type RunSummary,
  type Summary,
  targetName,
} from '../run-summary.ts'
import { summarize } from '../summarize.ts'
import { type AttemptTrace, type RunTrace, traceKey, traceRuns } from './trace.ts'

/** A green attempt with what is needed to show it. */
export interface GreenAttempt {
  readonly run: string
  readonly startedAt: string
  readonly image?: string
  readonly test: string
  readonly target: string
  readonly attempt: AttemptSummary
  readonly machines: readonly MachineSummary[]
  readonly trace: AttemptTrace
  readonly epochMs: number
  /** Of its run. */
  readonly folder: string | undefined
}

/** A test that wants one: its name on its target. */
export function wantedKey(target: string, test: string): string {
  return `${target} ${test}`
}

/** The tests of a summary that are not green, each on its target. */
export function wantedBaselines(summary: Summary): ReadonlySet<string> {
  return new Set(
    summary.runs.flatMap((run) =>
      run.tests
        .filter(({ verdict, attempts }) => !['passed', 'skipped'].includes(verdict) && attempts.length > 0)
        .map(({ test }) => wantedKey(targetName(run), test)),
    ),
  )
}

/** The green attempts of the wanted tests in the events of an earlier run, at most one of each. */
export function greenAttempts(
  events: readonly SignalboxEvent[],
  wanted: ReadonlySet<string>,
  folder: string | undefined,
): readonly GreenAttempt[] {
  const traces = traceRuns(events)
  return summarize(events).runs.flatMap((run) => greenOf(run, wanted, folder, traces.get(run.run)))
}

function greenOf(
  run: RunSummary,
  wanted: ReadonlySet<string>,
  folder: string | undefined,
  traces: RunTrace | undefined,
): readonly GreenAttempt[] {
  const target = targetName(run)
  return run.tests.flatMap((test): readonly GreenAttempt[] => {
    if (test.verdict !== 'passed' || !wanted.has(wantedKey(target, test.test))) return []
    const attempt = judgedAttempts(test).findLast(({ outcome }) => outcome === 'passed')
    const trace =
      attempt === undefined ? undefined : traces?.attempts.get(traceKey({ test: test.test, n: attempt.n }))
    if (attempt === undefined || trace === undefined || traces === undefined) return []
    const { image } = run
    return [
      {
        run: run.run,
        startedAt: run.startedAt,
        ...(image === undefined ? {} : { image: `${image.distro} ${image.version} (${image.channel})` }),
        test: test.test,
        target,
        attempt,
        machines: run.machines.filter(({ machine }) => attempt.machines.includes(machine)),
        trace,
        epochMs: traces.epochMs,
        folder,
      },
    ]
  })
}
