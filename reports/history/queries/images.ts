// Which images and which runs the history knows.

import type { History } from '../open-history.ts'
import type { PastImage } from './runs.ts'

export interface KnownImage extends PastImage {
  readonly distro: string
  readonly runs: number
  /** Of its latest run, milliseconds since 1970. */
  readonly atMs: number
}

/** The images that were tested last, newest first. */
export async function pastImages(history: History, limit: number): Promise<readonly KnownImage[]> {
  const rows = await history.db
    .selectFrom('runs')
    .innerJoin('images', 'images.id', 'runs.image_id')
    .select(({ fn }) => [fn.max<number>('runs.at').as('at'), fn.countAll<number>().as('runs')])
    .select(['images.digest', 'images.distro', 'images.version', 'images.channel', 'images.architecture'])
    .groupBy(['images.id', 'images.digest', 'images.distro', 'images.version', 'images.channel'])
    .groupBy('images.architecture')
    .orderBy('at', 'desc')
    .limit(limit)
    .execute()
  return rows.map(({ at, ...rest }) => ({ ...rest, atMs: at }))
}

/** Which of these runs were imported. */
export async function knownRuns(history: History, runs: readonly string[]): Promise<ReadonlySet<string>> {
  if (runs.length === 0) return new Set()
  const rows = await history.db
    .selectFrom('runs')
    .select('run')
    .where('run', 'in', [...runs])
    .execute()
  return new Set(rows.map(({ run }) => run))
}
