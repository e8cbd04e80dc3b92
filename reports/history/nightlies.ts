// Nightlies: one at a time for a history, each in it from its beginning on, so that the next one knows of one that was killed.

import type { Transaction } from 'kysely'
import { lockForWriting } from './lock.ts'
import type { History } from './open-history.ts'
import { storable } from './storable.ts'
import type { HistoryTables, NightliesTable } from './tables.ts'

/** How often whoever runs one says that it lives. */
export const BEAT_MS = 60_000

/** One of another host that has said nothing for so long is taken for dead. */
export const SILENT_MS = 15 * 60_000

export interface Nightly {
  readonly id: number
  readonly name: string
  /** Milliseconds since 1970. */
  readonly atMs: number
  readonly host: string
  readonly owner: string
  /** Undefined: it had no run yet. */
  readonly run: string | undefined
  readonly folder: string | undefined
}

export interface ClaimOptions {
  readonly name: string
  readonly nowMs: number
  readonly host: string
  /** The process, as `isAlive` reads it. */
  readonly owner: string
  /** Whether a process of this host still lives. */
  readonly isAlive: (owner: string) => boolean
}

export type NightlyClaim =
  /** `lost`: those that did not end, now marked so. */
  | { readonly kind: 'claimed'; readonly id: number; readonly lost: readonly Nightly[] }
  | { readonly kind: 'running'; readonly by: Nightly }

/** Begins a nightly, unless one of this history runs, whatever its name. */
export async function claimNightly(history: History, options: ClaimOptions): Promise<NightlyClaim> {
  const { name, nowMs, host, owner, isAlive } = options
  return await history.db.transaction().execute(async (trx) => {
    await lockForWriting(trx, history.kind)
    const open = await trx.selectFrom('nightlies').selectAll().where('ended_at', 'is', null).execute()
    const living = open.find((row) =>
      row.host === storable(host) ? isAlive(row.owner) : nowMs - row.beat_at < SILENT_MS,
    )
    if (living !== undefined) return { kind: 'running', by: nightlyOf(living) }
    await trx.updateTable('nightlies').set({ ended_at: nowMs }).where('ended_at', 'is', null).execute()
    const id = await insert(trx, { name, nowMs, host, owner })
    return { kind: 'claimed', id, lost: open.map(nightlyOf) }
  })
}

async function insert(
  trx: Transaction<HistoryTables>,
  { name, nowMs, host, owner }: Pick<ClaimOptions, 'name' | 'nowMs' | 'host' | 'owner'>,
): Promise<number> {
  const { id } = await trx
    .insertInto('nightlies')
    .values({
      name: storable(name),
      at: nowMs,
      beat_at: nowMs,
      ended_at: null,
      exit_code: null,
      host: storable(host),
      owner,
      run: null,
      folder: null,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

/** What becomes known of a nightly while it runs, and at its end. */
export interface NightlyNews {
  readonly beatMs?: number
  readonly run?: string
  readonly folder?: string
  readonly ended?: { readonly atMs: number; readonly exitCode: number }
}

/** Writes it down. */
export async function updateNightly(history: History, id: number, news: NightlyNews): Promise<void> {
  const { beatMs, run, folder, ended } = news
  await history.db
    .updateTable('nightlies')
    .set({
      ...(beatMs === undefined ? {} : { beat_at: beatMs }),
      ...(run === undefined ? {} : { run }),
      ...(folder === undefined ? {} : { folder: storable(folder) }),
      ...(ended === undefined ? {} : { ended_at: ended.atMs, exit_code: ended.exitCode }),
    })
    .where('id', '=', id)
    .execute()
}

/** The latest nightly of a name that ended by itself and whose runs are there; `before`: only earlier ones than that. */
export async function lastNightly(
  history: History,
  name: string,
  before?: number,
): Promise<Nightly | undefined> {
  let query = history.db
    .selectFrom('nightlies')
    .selectAll()
    .where('name', '=', storable(name))
    .where('exit_code', 'is not', null)
    .where('run', 'is not', null)
    .orderBy('at', 'desc')
    .orderBy('id', 'desc')
    .limit(MOST_LOOKED_THROUGH)
  if (before !== undefined) query = query.where('id', '<', before)
  for (const row of await query.execute()) {
    const runs = await runIds(history, row.run ?? '')
    if (runs.length > 0) return nightlyOf(row)
  }
  return undefined
}

/** Runs of a nightly that were pruned, or that nobody has imported yet, are nothing to compare with. */
const MOST_LOOKED_THROUGH = 30

/** The numbers of a nightly's runs: its own, or one a target. */
export async function runIds(history: History, run: string): Promise<readonly number[]> {
  const rows = await history.db
    .selectFrom('runs')
    .select('id')
    .where((eb) => eb.or([eb('run', '=', run), eb('run', 'like', `${run.replaceAll(/[%_]/g, '')}.%`)]))
    .execute()
  return rows.map(({ id }) => id)
}

type Row = { readonly [Key in keyof NightliesTable]: Key extends 'id' ? number : NightliesTable[Key] }

function nightlyOf({ id, name, at, host, owner, run, folder }: Row): Nightly {
  return { id, name, atMs: at, host, owner, run: run ?? undefined, folder: folder ?? undefined }
}
