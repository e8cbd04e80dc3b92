// The latest attempts of a test.

import type { AttemptSummary } from '../../run-summary.ts'
import type { History } from '../open-history.ts'
import { idsOf, type Scope, within } from './scope.ts'

export interface PastAttempt {
  readonly run: string
  readonly test: string
  readonly target: string
  readonly channel: string
  readonly n: number
  readonly outcome: AttemptSummary['outcome']
  /** It repeated a fork on a cold boot, and made no verdict. */
  readonly audit: boolean
  /** Milliseconds since 1970. */
  readonly atMs: number
  readonly durationMs: number
  readonly fingerprint: string | undefined
  /** First line of the failure that was first seen with this fingerprint. Text of a guest. */
  readonly message: string | undefined
  readonly image: { readonly digest: string; readonly version: string } | undefined
}

/** The last `limit` attempts in the scope, newest first. */
export async function lastAttempts(
  history: History,
  scope: Scope,
  limit: number,
): Promise<readonly PastAttempt[]> {
  const ids = await idsOf(history, scope)
  if (ids === undefined) return []
  const rows = await history.db
    .selectFrom('attempts')
    .innerJoin('runs', 'runs.id', 'attempts.run_id')
    .innerJoin('cells', 'cells.id', 'attempts.cell_id')
    .leftJoin('images', 'images.id', 'runs.image_id')
    .leftJoin('fingerprints', 'fingerprints.id', 'attempts.fingerprint_id')
    .select([
      'runs.run',
      'cells.target',
      'cells.channel',
      'attempts.n',
      'attempts.outcome',
      'attempts.counted',
      'attempts.at',
      'attempts.duration_ms',
      'fingerprints.fingerprint',
      'fingerprints.message',
      'images.digest',
      'images.version',
    ])
    .where((eb) => within(eb as never, 'attempts', ids, scope))
    .orderBy('attempts.at', 'desc')
    .orderBy('runs.run', 'desc')
    .orderBy('attempts.n', 'desc')
    .limit(limit)
    .execute()
  return rows.map((row) => ({
    run: row.run,
    test: scope.test,
    target: row.target,
    channel: row.channel,
    n: row.n,
    outcome: row.outcome,
    audit: row.counted === 0,
    atMs: row.at,
    durationMs: row.duration_ms,
    fingerprint: row.fingerprint ?? undefined,
    message: row.message?.split('\n', 1)[0],
    image: row.digest === null ? undefined : { digest: row.digest, version: row.version ?? '' },
  }))
}
