// A run record -> what a decision looks at. Pure.

import {
  judgedAttempts,
  targetName,
  type AttemptSummary,
  type RunSummary,
  type TestSummary,
} from '../run-summary.ts'
import { oneLine } from '../../harness/hostile-text.ts'
import { mainFingerprint } from '../record/index.ts'
import { targetArguments } from './target-arguments.ts'
import type { GateCell, GateRun, HistoryRow } from './view.ts'

/** A run that planned something; undefined for one that never got so far, and so proves nothing. */
export function gateRunOf(run: RunSummary, sha256: string): GateRun | undefined {
  const { image, target, plan } = run
  if (image === undefined || target === undefined || plan === undefined) return undefined
  const [, , ...given] = run.command
  return {
    run: run.run,
    sha256,
    startedAt: run.startedAt,
    durationMs: run.durationMs,
    state: run.state,
    image,
    target: targetName(run),
    place: placeOf(targetName(run), target.channel),
    plan: plan.digest,
    ...(plan.shard === undefined ? {} : { shard: plan.shard }),
    ...(plan.repeat === undefined ? {} : { repeat: plan.repeat }),
    ...targetArguments(given, { target: targetName(run), isOneOfSeveral: isOneOfSeveral(run) }),
    cells: run.tests.filter(({ planned }) => planned).map(cellOf),
  }
}

/** `qemu-x86_64-uefi-beta` without its channel: a config's own names have none. */
export function placeOf(target: string, channel: string): string {
  return target.endsWith(`-${channel}`) ? target.slice(0, -channel.length - 1) : target
}

/** The run's id is then that of the command and the name of the target. */
function isOneOfSeveral(run: RunSummary): boolean {
  return run.run.endsWith(`.${targetName(run)}`)
}

function cellOf(test: TestSummary): GateCell {
  const judged = judgedAttempts(test)
  return {
    test: test.test,
    aliases: test.aliases,
    tags: test.tags,
    verdict: test.verdict,
    ...(test.reason === undefined ? {} : { reason: test.reason }),
    outcomes: judged.map(({ outcome }) => outcome),
    failures: judged.filter(({ outcome }) => outcome === 'failed').flatMap(failureOf),
    metrics: judged.flatMap(({ metrics = [] }) => metrics.map(({ name, value }) => ({ name, value }))),
  }
}

function failureOf({ failures, fingerprint }: AttemptSummary): GateCell['failures'] {
  const main = fingerprint ?? mainFingerprint(failures)
  if (main === undefined) return []
  const failure = failures.find((each) => each.fingerprint === main) ?? failures[0]
  return [{ fingerprint: main, message: oneLine(failure?.message ?? '', 200) }]
}

/**
 * What a run says about how often a cell flakes: each attempt of a repeated test is a trial; without repetition the first
 * attempt is one, and those after it only follow from it. A cell that never passed in the run says nothing: it is broken.
 */
export function trialsOf(
  outcomes: GateCell['outcomes'],
  isRepeated: boolean,
): Pick<HistoryRow, 'trials' | 'flakes'> | undefined {
  const judged = outcomes.filter((outcome) => outcome === 'passed' || outcome === 'failed')
  if (!judged.includes('passed')) return undefined
  const trials = isRepeated ? judged : judged.slice(0, 1)
  return { trials: trials.length, flakes: trials.filter((outcome) => outcome === 'failed').length }
}

/** The rows that a run is in a history. */
export function historyRowsOf(run: Omit<GateRun, 'sha256'>): readonly HistoryRow[] {
  return run.cells.flatMap(({ test, outcomes }) => {
    const trials = trialsOf(outcomes, run.repeat !== undefined)
    return trials === undefined
      ? []
      : [{ run: run.run, at: run.startedAt, place: run.place, test, ...trials }]
  })
}
