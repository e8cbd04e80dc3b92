// Runs: of an image, of a target, the latest; and the whole record of one.

import { inflateRawSync } from 'node:zlib'
import type { VerdictCounts } from '../../../harness/model.ts'
import type { RunSummary } from '../../run-summary.ts'
import type { History } from '../open-history.ts'
import { cellsOf } from './scope.ts'

export interface RunFilter {
  /** A digest, the beginning of one (`sha256:1a2b`), or a version. */
  readonly image?: string | undefined
  readonly target?: string | undefined
  readonly channel?: string | undefined
  readonly sinceMs?: number | undefined
  readonly limit?: number
}

export interface PastRun {
  readonly run: string
  readonly state: RunSummary['state']
  /** Milliseconds since 1970. */
  readonly atMs: number
  readonly durationMs: number
  readonly target: string
  readonly channel: string
  readonly image: PastImage | undefined
  readonly planDigest: string | undefined
  readonly planned: number
  readonly attempts: number
  readonly verdicts: VerdictCounts
  readonly exitCode: number
  /** The file that it was imported from. */
  readonly source: string
}

export interface PastImage {
  readonly digest: string
  readonly version: string
  readonly channel: string
  readonly architecture: string
}

/** Runs that fit, newest first. */
export async function findRuns(history: History, filter: RunFilter): Promise<readonly PastRun[]> {
  const images = filter.image === undefined ? undefined : await imageIds(history, filter.image)
  const cells = await cellsOf(history, filter)
  if (images?.length === 0 || cells?.length === 0) return []
  let query = history.db
    .selectFrom('runs')
    .innerJoin('cells', 'cells.id', 'runs.cell_id')
    .leftJoin('images', 'images.id', 'runs.image_id')
    .selectAll('runs')
    .select(['cells.target', 'cells.channel'])
    .select(['images.digest as image_digest', 'images.version as image_version'])
    .select(['images.channel as image_channel', 'images.architecture as image_architecture'])
    .orderBy('runs.at', 'desc')
    .orderBy('runs.run', 'desc')
    .limit(filter.limit ?? 100)
  if (images !== undefined) query = query.where('runs.image_id', 'in', images)
  if (cells !== undefined) query = query.where('runs.cell_id', 'in', cells)
  if (filter.sinceMs !== undefined) query = query.where('runs.at', '>=', filter.sinceMs)
  return (await query.execute()).map((row) => ({
    run: row.run,
    state: row.state as RunSummary['state'],
    atMs: row.at,
    durationMs: row.duration_ms,
    target: row.target,
    channel: row.channel,
    image:
      row.image_digest === null
        ? undefined
        : {
            digest: row.image_digest,
            version: row.image_version ?? '',
            channel: row.image_channel ?? '',
            architecture: row.image_architecture ?? '',
          },
    planDigest: row.plan_digest ?? undefined,
    planned: row.planned,
    attempts: row.attempts,
    verdicts: {
      passed: row.passed,
      flaky: row.flaky,
      warned: row.warned,
      failed: row.failed,
      infra: row.infra,
      skipped: row.skipped,
      missing: row.missing,
    },
    exitCode: row.exit_code,
    source: row.source,
  }))
}

/** The record of one run as it was imported; undefined when the history does not have it. */
export async function readRecord(history: History, run: string): Promise<RunSummary | undefined> {
  const row = await history.db
    .selectFrom('records')
    .innerJoin('runs', 'runs.id', 'records.run_id')
    .select('body')
    .where('runs.run', '=', run)
    .executeTakeFirst()
  if (row === undefined) return undefined
  return JSON.parse(inflateRawSync(row.body).toString('utf8')) as RunSummary
}

/** Numbers of the images that a word means. */
export async function imageIds(history: History, word: string): Promise<readonly number[]> {
  const rows = await history.db
    .selectFrom('images')
    .select('id')
    .where((eb) =>
      /^sha256:[0-9a-f]+$/.test(word) ? eb('digest', 'like', `${word}%`) : eb('version', '=', word),
    )
    .execute()
  return rows.map(({ id }) => id)
}
