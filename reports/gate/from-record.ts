// A run record -> what a decision looks at. Pure.

import {
  judgedAttempts,
  targetName,
  type AttemptSummary,
  type RunSummary,
  type TestSummary,
} from '../run-summary.ts'
import { oneLine } from '../../harness/hostile-text.ts'
import { mainFingerprint, planDigestOf } from '../record/index.ts'
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
    planChanged: hasExpectations(run) && planDigestOf(run) !== plan.digest,
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

/** Records of old versions do not say what was expected. */
function hasExpectations({ tests }: RunSummary): boolean {
  return tests.every(({ planned, expectation }) => !planned || expectation !== undefined)
}

function cellOf(test: TestSummary): GateCell {
  const outcomes: GateCell['outcomes'][number][] = []
  const failures: GateCell['failures'][number][] = []
  const metrics: GateCell['metrics'][number][] = []
  for (const attempt of judgedAttempts(test)) {
    outcomes.push(attempt.outcome)
    if (attempt.outcome === 'failed') failures.push(...failureOf(attempt))
    for (const { name, value } of attempt.metrics ?? []) metrics.push({ name, value })
  }
  return {
    test: test.test,
    aliases: test.aliases,
    tags: test.tags,
    verdict: test.verdict,
    ...(test.reason === undefined ? {} : { reason: test.reason }),
    outcomes,
    failures,
    metrics,
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
  let [judged, failed, first] = [0, 0, undefined as GateCell['outcomes'][number] | undefined]
  for (const outcome of outcomes) {
    if (outcome !== 'passed' && outcome !== 'failed') continue
    judged += 1
    if (outcome === 'failed') failed += 1
    first ??= outcome
  }
  if (judged === failed) return undefined
  return isRepeated ? { trials: judged, flakes: failed } : { trials: 1, flakes: first === 'failed' ? 1 : 0 }
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
