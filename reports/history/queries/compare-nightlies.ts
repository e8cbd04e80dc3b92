// A nightly against the one before: what is newly red, mended, newly flaky, and slower than it ever was.

import type { Verdict } from '../../../harness/model.ts'
import { runIds } from '../nightlies.ts'
import type { History } from '../open-history.ts'
import {
  type CellComparison,
  type CellVerdict,
  type CellVerdicts,
  compareCells,
  judging,
} from './compare-cells.ts'

/** Durations that make a range. */
const FEWEST_RECORDED = 5

/** What is longer by less is within what a range of a few runs leaves out. */
const MARGIN = { share: 0.1, ms: 1000 } as const

/** A test that passed at once and took longer than every time before. */
export interface Slower {
  readonly test: string
  readonly target: string
  readonly durationMs: number
  /** Of what passed at once since then, on the same target. */
  readonly recorded: { readonly leastMs: number; readonly mostMs: number; readonly count: number }
}

export interface NightlyComparison extends CellComparison {
  /** Flaky now, and judged and not flaky before. */
  readonly newlyFlaky: readonly { readonly test: string; readonly target: string }[]
  /** The platform or the host failed now, and a verdict was there before. */
  readonly newlyInfra: readonly { readonly test: string; readonly target: string }[]
  /** Targets that had tests before and have none now. */
  readonly lostTargets: readonly string[]
  readonly newTargets: readonly string[]
}

interface DatedVerdict extends CellVerdict {
  readonly durationMs: number
  readonly attempts: number
  readonly testId: number
  readonly cellId: number
}

/** Compares two nightlies by the names of their runs. */
export async function compareNightlies(
  history: History,
  before: string,
  after: string,
): Promise<NightlyComparison> {
  const [earlier, later] = [await verdictsOf(history, before), await verdictsOf(history, after)]
  const judged = (all: CellVerdicts): CellVerdicts =>
    new Map([...all].filter(([, { verdict }]) => (judging as readonly Verdict[]).includes(verdict)))
  const cells = [...later].map(([key, now]) => {
    const [target = '', test = ''] = key.split('\n')
    return { test, target, now: now.verdict, was: earlier.get(key)?.verdict }
  })
  const turned = (now: Verdict, from: readonly Verdict[]) =>
    cells
      .filter((cell) => cell.now === now && cell.was !== undefined && from.includes(cell.was))
      .map(({ test, target }) => ({ test, target }))
  const [had, has] = [targetsOf(earlier), targetsOf(later)]
  return {
    ...compareCells(judged(earlier), judged(later)),
    newlyFlaky: turned('flaky', ['passed', 'failed', 'warned']),
    newlyInfra: turned('infra', judging),
    lostTargets: [...had].filter((target) => !has.has(target)),
    newTargets: [...has].filter((target) => !had.has(target)),
  }
}

/** What of a nightly took longer than all that was recorded since then, but not by a trifle; the most first. */
export async function slowerThanRecorded(
  history: History,
  run: string,
  sinceMs: number,
): Promise<readonly Slower[]> {
  const now = await verdictsOf(history, run)
  const own = await runIds(history, run)
  if (own.length === 0) return []
  const rows = await history.db
    .selectFrom('verdicts')
    .select(({ fn }) => [
      'test_id',
      'cell_id',
      fn.min<number>('duration_ms').as('least'),
      fn.max<number>('duration_ms').as('most'),
      fn.countAll<number>().as('count'),
    ])
    .where('verdict', '=', 'passed')
    .where('attempts', '=', 1)
    .where('at', '>=', sinceMs)
    .where('run_id', 'not in', own)
    .groupBy(['test_id', 'cell_id'])
    .execute()
  const ranges = new Map(rows.map((row) => [`${row.test_id} ${row.cell_id}`, row]))
  return [...now]
    .flatMap(([key, { verdict, attempts, durationMs, testId, cellId }]): readonly Slower[] => {
      const range = ranges.get(`${testId} ${cellId}`)
      if (verdict !== 'passed' || attempts !== 1 || range === undefined || range.count < FEWEST_RECORDED)
        return []
      if (durationMs <= Math.max(range.most * (1 + MARGIN.share), range.most + MARGIN.ms)) return []
      const [target = '', test = ''] = key.split('\n')
      const recorded = { leastMs: range.least, mostMs: range.most, count: range.count }
      return [{ test, target, durationMs, recorded }]
    })
    .toSorted((a, b) => b.durationMs / b.recorded.mostMs - a.durationMs / a.recorded.mostMs)
}

function targetsOf(verdicts: CellVerdicts): ReadonlySet<string> {
  return new Set([...verdicts.keys()].map((key) => key.split('\n', 1)[0] ?? ''))
}

async function verdictsOf(history: History, run: string): Promise<ReadonlyMap<string, DatedVerdict>> {
  const runs = await runIds(history, run)
  if (runs.length === 0) return new Map()
  const rows = await history.db
    .selectFrom('verdicts')
    .innerJoin('runs', 'runs.id', 'verdicts.run_id')
    .innerJoin('tests', 'tests.id', 'verdicts.test_id')
    .innerJoin('cells', 'cells.id', 'verdicts.cell_id')
    .leftJoin('fingerprints', 'fingerprints.id', 'verdicts.fingerprint_id')
    .select(['runs.run', 'tests.name', 'cells.target', 'verdicts.verdict', 'fingerprints.fingerprint'])
    .select(['verdicts.duration_ms', 'verdicts.attempts', 'verdicts.test_id', 'verdicts.cell_id'])
    .where('verdicts.run_id', 'in', runs)
    .execute()
  return new Map(
    rows.map((row) => [
      `${row.target}\n${row.name}`,
      {
        verdict: row.verdict,
        run: row.run,
        fingerprint: row.fingerprint ?? undefined,
        durationMs: row.duration_ms,
        attempts: row.attempts,
        testId: row.test_id,
        cellId: row.cell_id,
      },
    ]),
  )
}
