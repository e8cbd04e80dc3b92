// Since when a failure is known, and how often it was seen.

import type { History } from '../open-history.ts'

export interface Sighting {
  readonly run: string
  readonly test: string
  readonly target: string
  readonly version: string | undefined
  /** Milliseconds since 1970. */
  readonly atMs: number
}

export interface FingerprintHistory {
  readonly fingerprint: string
  readonly phase: string
  readonly code: string
  /** Of the failure that was first imported. Text of a guest. */
  readonly message: string
  readonly count: number
  readonly first: Sighting
  readonly last: Sighting
}

/** First and last sighting of a fingerprint; undefined when it was never seen. */
export async function fingerprintHistory(
  history: History,
  fingerprint: string,
): Promise<FingerprintHistory | undefined> {
  const { db } = history
  const known = await db
    .selectFrom('fingerprints')
    .selectAll()
    .where('fingerprint', '=', fingerprint)
    .executeTakeFirst()
  if (known === undefined) return undefined
  const sighting = async (direction: 'asc' | 'desc'): Promise<Sighting | undefined> => {
    const row = await db
      .selectFrom('attempts')
      .innerJoin('runs', 'runs.id', 'attempts.run_id')
      .innerJoin('tests', 'tests.id', 'attempts.test_id')
      .innerJoin('cells', 'cells.id', 'attempts.cell_id')
      .leftJoin('images', 'images.id', 'runs.image_id')
      .select(['runs.run', 'tests.name', 'cells.target', 'images.version', 'attempts.at'])
      .where('attempts.fingerprint_id', '=', known.id)
      .orderBy('attempts.at', direction)
      .orderBy('attempts.run_id', direction)
      .limit(1)
      .executeTakeFirst()
    if (row === undefined) return undefined
    const { run, name, target, version, at } = row
    return { run, test: name, target, version: version ?? undefined, atMs: at }
  }
  const { count } = await db
    .selectFrom('attempts')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('fingerprint_id', '=', known.id)
    .executeTakeFirstOrThrow()
  const [first, last] = [await sighting('asc'), await sighting('desc')]
  // Its runs were pruned.
  if (first === undefined || last === undefined) return undefined
  const { phase, code, message } = known
  return { fingerprint, phase, code, message, count, first, last }
}
