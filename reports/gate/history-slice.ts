// The part of a history that a flake budget needs, as rows to be kept with the decision: how often each cell was tried, run
// by run.

import type { History } from '../history/index.ts'
import { placeOf, trialsOf } from './from-record.ts'
import type { GateCell, HistoryRow } from './view.ts'

/** Names asked for at once: databases limit the parameters of a statement. */
const CHUNK = 400

export interface SliceRequest {
  readonly tests: readonly string[]
  /** Milliseconds since 1970. */
  readonly sinceMs: number
  readonly untilMs: number
}

/** Reads the rows of these tests. Of a run in which an attempt followed one that passed, every attempt is a trial. */
export async function sliceHistory(history: History, request: SliceRequest): Promise<readonly HistoryRow[]> {
  const rows: HistoryRow[] = []
  for (let start = 0; start < request.tests.length; start += CHUNK)
    rows.push(
      ...(await sliceChunk(history, { ...request, tests: request.tests.slice(start, start + CHUNK) })),
    )
  return rows
}

async function sliceChunk(
  { db }: History,
  { tests, sinceMs, untilMs }: SliceRequest,
): Promise<readonly HistoryRow[]> {
  const attempts = await db
    .selectFrom('attempts')
    .innerJoin('runs', 'runs.id', 'attempts.run_id')
    .innerJoin('tests', 'tests.id', 'attempts.test_id')
    .innerJoin('cells', 'cells.id', 'attempts.cell_id')
    .select(['runs.run', 'runs.at', 'tests.name', 'cells.target', 'cells.channel', 'attempts.outcome'])
    .where('tests.name', 'in', tests)
    .where('attempts.at', '>=', sinceMs)
    .where('attempts.at', '<=', untilMs)
    .where('attempts.counted', '=', 1)
    .orderBy('runs.run')
    .orderBy('tests.name')
    .orderBy('attempts.n')
    .execute()
  const groups = Map.groupBy(attempts, ({ run, name }) => JSON.stringify([run, name]))
  return [...groups.values()].flatMap((own): readonly HistoryRow[] => {
    const [first] = own
    const outcomes = own.map(({ outcome }) => outcome)
    const trials = trialsOf(outcomes, isRepeated(outcomes))
    if (first === undefined || trials === undefined) return []
    const { run, at, name, target, channel } = first
    return [{ run, at: new Date(at).toISOString(), place: placeOf(target, channel), test: name, ...trials }]
  })
}

/** A retry follows a failure; only a repeated test is run again after it has passed. */
function isRepeated(outcomes: GateCell['outcomes']): boolean {
  const passed = outcomes.indexOf('passed')
  return passed >= 0 && passed < outcomes.length - 1
}
