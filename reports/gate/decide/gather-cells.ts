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

/** A cell as one run has it. */
interface Part {
  readonly run: GateRun
  readonly cell: GateCell
}

/** All cells of these runs, by key. The runs are in the order of time. */
export function gatherCells(runs: readonly GateRun[]): ReadonlyMap<string, Cell> {
  // By place and then by test: a key for each attempt would cost more than all the rest.
  const places = new Map<string, Map<string, Part[]>>()
  for (const run of runs) {
    const tests = places.get(run.place) ?? new Map<string, Part[]>()
    places.set(run.place, tests)
    for (const cell of run.cells) {
      const parts = tests.get(cell.test)
      if (parts === undefined) tests.set(cell.test, [{ run, cell }])
      else parts.push({ run, cell })
    }
  }
  const cells = new Map<string, Cell>()
  for (const [place, tests] of places)
    for (const [test, parts] of tests) {
      const cell = combine(parts)
      if (cell !== undefined) cells.set(cellKey(place, test), cell)
    }
  return cells
}

function combine(parts: readonly Part[]): Cell | undefined {
  const latest = parts.at(-1)
  if (latest === undefined) return undefined
  const judged: ('passed' | 'failed')[] = []
  const failures: GateCell['failures'][number][] = []
  const metrics: GateCell['metrics'][number][] = []
  let [lost, trials, flakes] = [0, 0, 0]
  let onlyKnownFailures = true
  let judgedAtMs: number | undefined
  for (const { run, cell } of parts) {
    const before = judged.length
    let hasFailed = false
    for (const outcome of cell.outcomes)
      if (outcome === 'passed' || outcome === 'failed') {
        judged.push(outcome)
        hasFailed ||= outcome === 'failed'
      } else if (outcome !== 'skipped') lost += 1
    if (hasFailed && cell.verdict !== 'warned') onlyKnownFailures = false
    if (judged.length > before) judgedAtMs = Date.parse(run.startedAt) + run.durationMs
    const counts = trialsOf(cell.outcomes, run.repeat !== undefined)
    trials += counts?.trials ?? 0
    flakes += counts?.flakes ?? 0
    for (const failure of cell.failures) failures.push(failure)
    for (const metric of cell.metrics) metrics.push(metric)
  }
  const { test, aliases, tags, verdict, reason } = latest.cell
  const isSkipped = judged.length === 0 && verdict === 'skipped'
  return {
    test,
    aliases,
    tags,
    target: latest.run.target,
    place: latest.run.place,
    run: latest.run,
    judged,
    lost,
    ...(isSkipped ? { skipped: reason ?? 'no reason given' } : {}),
    ...(reason === undefined ? {} : { reason }),
    failures,
    onlyKnownFailures,
    ...(judgedAtMs === undefined ? {} : { judgedAtMs }),
    trials,
    flakes,
    metrics,
  }
}
