// What a test measured, over time.

import type { History } from '../open-history.ts'
import { idsOf, type Scope, within } from './scope.ts'

export interface PastMetric {
  readonly run: string
  readonly target: string
  readonly version: string | undefined
  readonly n: number
  readonly name: string
  readonly unit: string
  readonly value: number
  readonly machine: string | undefined
  /** Milliseconds since 1970. */
  readonly atMs: number
}

/** The last `limit` values of a metric (default: of all metrics) in the scope, newest first. */
export async function metricHistory(
  history: History,
  scope: Scope & { readonly metric?: string | undefined },
  limit: number,
): Promise<readonly PastMetric[]> {
  const ids = await idsOf(history, scope)
  if (ids === undefined) return []
  let query = history.db
    .selectFrom('metrics')
    .innerJoin('runs', 'runs.id', 'metrics.run_id')
    .innerJoin('cells', 'cells.id', 'metrics.cell_id')
    .leftJoin('images', 'images.id', 'runs.image_id')
    .select(['runs.run', 'cells.target', 'images.version', 'metrics.n', 'metrics.name', 'metrics.unit'])
    .select(['metrics.value', 'metrics.machine', 'metrics.at'])
    .where((eb) => within(eb as never, 'metrics', ids, scope))
    .orderBy('metrics.at', 'desc')
    .orderBy('runs.run', 'desc')
    .limit(limit)
  if (scope.metric !== undefined) query = query.where('metrics.name', '=', scope.metric)
  return (await query.execute()).map(({ at, version, machine, ...rest }) => ({
    ...rest,
    version: version ?? undefined,
    machine: machine ?? undefined,
    atMs: at,
  }))
}
