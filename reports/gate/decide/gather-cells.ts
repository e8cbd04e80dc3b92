// The cells (test x target) of several runs, each with all its attempts: a later green run does not replace a red one.

import { trialsOf } from '../from-record.ts'
import type { GateCell, GateRun } from '../view.ts'

export interface Cell {
  readonly test: string
  readonly aliases: readonly string[]
  readonly tags: readonly string[]
  /** As the latest run calls it. */
  readonly target: string
  readonly place: string
  /** The latest run that planned it. */
  readonly run: GateRun
  /** Attempts that passed or failed, oldest first. */
  readonly judged: readonly ('passed' | 'failed')[]
  /** Attempts that the platform or the harness lost. */
  readonly lost: number
  /** Why it was skipped, when it was and nothing else came of it. */
  readonly skipped?: string
  /** How far it got, where it has no result. */
  readonly reason?: string
  readonly failures: GateCell['failures']
  /** In every run in which it failed, a known failure said so. */
  readonly onlyKnownFailures: boolean
  /** End of the latest run that judged it, in milliseconds since 1970. */
  readonly judgedAtMs?: number
  readonly trials: number
  readonly flakes: number
  readonly metrics: GateCell['metrics']
}

/** `place` and `test` name a cell. */
export function cellKey(place: string, test: string): string {
  return `${place}\0${test}`
}

/** All cells of these runs, by key. The runs are in the order of time. */
export function gatherCells(runs: readonly GateRun[]): ReadonlyMap<string, Cell> {
  const cells = new Map<string, Cell>()
  for (const run of runs)
    for (const part of run.cells) {
      const key = cellKey(run.place, part.test)
      cells.set(key, add(cells.get(key), run, part))
    }
  return cells
}

function add(before: Cell | undefined, run: GateRun, part: GateCell): Cell {
  const judged = part.outcomes.filter((outcome) => outcome === 'passed' || outcome === 'failed')
  const lost = part.outcomes.filter(
    (outcome) => outcome === 'infra' || outcome === 'harness' || outcome === 'unfinished',
  ).length
  const trials = trialsOf(part.outcomes, run.repeat !== undefined)
  const allJudged = before === undefined ? judged : [...before.judged, ...judged]
  const skipped =
    allJudged.length === 0 && part.verdict === 'skipped' ? (part.reason ?? 'no reason given') : undefined
  const isExcused = !judged.includes('failed') || part.verdict === 'warned'
  const judgedAtMs =
    judged.length > 0 ? Date.parse(run.startedAt) + run.durationMs : (before?.judgedAtMs ?? undefined)
  return {
    test: part.test,
    aliases: part.aliases,
    tags: part.tags,
    target: run.target,
    place: run.place,
    run,
    judged: allJudged,
    lost: (before?.lost ?? 0) + lost,
    ...(skipped === undefined ? {} : { skipped }),
    ...(part.reason === undefined ? {} : { reason: part.reason }),
    failures: join(before?.failures, part.failures),
    onlyKnownFailures: (before?.onlyKnownFailures ?? true) && isExcused,
    ...(judgedAtMs === undefined ? {} : { judgedAtMs }),
    trials: (before?.trials ?? 0) + (trials?.trials ?? 0),
    flakes: (before?.flakes ?? 0) + (trials?.flakes ?? 0),
    metrics: join(before?.metrics, part.metrics),
  }
}

function join<T>(before: readonly T[] | undefined, after: readonly T[]): readonly T[] {
  if (before === undefined || before.length === 0) return after
  return after.length === 0 ? before : [...before, ...after]
}
