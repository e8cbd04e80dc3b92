// Names and their numbers: tests, cells, images, fingerprints. Rows of attempts hold numbers, so that a million of them
// stay small. Only for a transaction that has the lock.

import type { Transaction } from 'kysely'
import type { ImageIdentity } from '../../harness/model.ts'
import { type RecordedFailure, type RunSummary, targetName } from '../run-summary.ts'
import { insertRows } from './insert-rows.ts'
import { storable, storableRow } from './storable.ts'
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
        .values(storableRow({ fingerprint, phase, code, message: message.slice(0, LONGEST_MESSAGE) }))
        .returning('id')
        .executeTakeFirstOrThrow())
    ids.set(fingerprint, id)
  }
  return ids
}

/** The number of the run's target within its channel. */
export async function cellId(trx: Trx, run: RunSummary): Promise<number> {
  const cell = storableRow({
    target: targetName(run),
    channel: run.target?.channel ?? '',
    platform: run.target?.platform ?? '',
    architecture: run.target?.architecture ?? '',
    firmware: run.target?.firmware ?? '',
    distro: run.target?.distro ?? '',
  })
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
  const { digest, distro, version, channel, architecture, buildId = null } = image
  const values = storableRow({ digest, distro, version, channel, architecture, build_id: buildId })
  const known = await trx
    .selectFrom('images')
    .select('id')
    .where('digest', '=', values.digest)
    .executeTakeFirst()
  if (known !== undefined) return known.id
  return (await trx.insertInto('images').values(values).returning('id').executeTakeFirstOrThrow()).id
}
