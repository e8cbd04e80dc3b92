// Names and their numbers: tests, cells, images, fingerprints. Rows of attempts hold numbers, so that a million of them
// stay small. Only for a transaction that has the lock.

import type { Transaction } from 'kysely'
import type { ImageIdentity } from '../../harness/model.ts'
import { type RecordedFailure, type RunSummary, targetName } from '../run-summary.ts'
import { insertRows } from './insert-rows.ts'
import { storable } from './storable.ts'
import type { HistoryTables } from './tables.ts'

type Trx = Transaction<HistoryTables>

/** Names in one query; both databases take this many parameters. */
const AT_ONCE = 5000
const LONGEST_MESSAGE = 2000

/** Numbers of tests by their storable name; new ones get one. */
export async function testIds(trx: Trx, names: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const wanted = [...new Set(names.map(storable))]
  const find = async (): Promise<Map<string, number>> => {
    const found = new Map<string, number>()
    for (let from = 0; from < wanted.length; from += AT_ONCE) {
      const rows = await trx
        .selectFrom('tests')
        .select(['id', 'name'])
        .where('name', 'in', wanted.slice(from, from + AT_ONCE))
        .execute()
      for (const { id, name } of rows) found.set(name, id)
    }
    return found
  }
  const known = await find()
  const fresh = wanted.filter((name) => !known.has(name))
  if (fresh.length === 0) return known
  await insertRows(
    trx,
    'tests',
    fresh.map((name) => ({ name })),
  )
  return await find()
}

/** Numbers of fingerprints; a new one keeps the failure it was first seen with. */
export async function fingerprintIds(
  trx: Trx,
  failures: readonly RecordedFailure[],
): Promise<ReadonlyMap<string, number>> {
  const byFingerprint = new Map(failures.toReversed().map((failure) => [failure.fingerprint, failure]))
  const ids = new Map<string, number>()
  for (const [fingerprint, { phase, code, message }] of byFingerprint) {
    const known = await trx
      .selectFrom('fingerprints')
      .select('id')
      .where('fingerprint', '=', fingerprint)
      .executeTakeFirst()
    const { id } =
      known ??
      (await trx
        .insertInto('fingerprints')
        .values({
          fingerprint,
          phase,
          code: storable(code),
          message: storable(message.slice(0, LONGEST_MESSAGE)),
        })
        .returning('id')
        .executeTakeFirstOrThrow())
    ids.set(fingerprint, id)
  }
  return ids
}

/** The number of the run's target within its channel. */
export async function cellId(trx: Trx, run: RunSummary): Promise<number> {
  const cell = {
    target: storable(targetName(run)),
    channel: storable(run.target?.channel ?? ''),
    platform: storable(run.target?.platform ?? ''),
    architecture: storable(run.target?.architecture ?? ''),
    firmware: storable(run.target?.firmware ?? ''),
    distro: storable(run.target?.distro ?? ''),
  }
  const known = await trx
    .selectFrom('cells')
    .select('id')
    .where('target', '=', cell.target)
    .where('channel', '=', cell.channel)
    .executeTakeFirst()
  if (known !== undefined) return known.id
  return (await trx.insertInto('cells').values(cell).returning('id').executeTakeFirstOrThrow()).id
}

/** The number of an image; null for a run that never got so far. */
export async function imageId(trx: Trx, image: ImageIdentity | undefined): Promise<number | null> {
  if (image === undefined) return null
  const digest = storable(image.digest)
  const known = await trx.selectFrom('images').select('id').where('digest', '=', digest).executeTakeFirst()
  if (known !== undefined) return known.id
  const values = {
    digest,
    distro: storable(image.distro),
    version: storable(image.version),
    channel: storable(image.channel),
    architecture: storable(image.architecture),
    build_id: image.buildId === undefined ? null : storable(image.buildId),
  }
  return (await trx.insertInto('images').values(values).returning('id').executeTakeFirstOrThrow()).id
}
