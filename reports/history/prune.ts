// Removes old runs.

import { deleteRun } from './delete-run.ts'
import { lockForWriting } from './lock.ts'
import type { History } from './open-history.ts'

export interface PruneOptions {
  /** Runs that began before then go; milliseconds since 1970. */
  readonly beforeMs: number
  /** Told after each run. */
  readonly onRun?: (done: number, total: number) => void
}

/** Removes runs, each whole or not at all, and returns how many. */
export async function pruneRuns(history: History, { beforeMs, onRun }: PruneOptions): Promise<number> {
  const old = await history.db.selectFrom('runs').select(['id', 'at']).where('at', '<', beforeMs).execute()
  let done = 0
  for (const run of old) {
    await history.db.transaction().execute(async (trx) => {
      await lockForWriting(trx, history.kind)
      // Another process may have removed it in between.
      const there = await trx.selectFrom('runs').select('id').where('id', '=', run.id).executeTakeFirst()
      if (there === undefined) return
      await deleteRun(trx, run)
      done += 1
    })
    onRun?.(done, old.length)
  }
  await forgetUnused(history)
  await history.db
    .deleteFrom('nightlies')
    .where('at', '<', beforeMs)
    .where('ended_at', 'is not', null)
    .execute()
  return done
}

/** Failures that no attempt is known of any more. */
async function forgetUnused(history: History): Promise<void> {
  await history.db
    .deleteFrom('fingerprints')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('attempts')
            .select('attempts.n')
            .whereRef('attempts.fingerprint_id', '=', 'fingerprints.id'),
        ),
      ),
    )
    .execute()
}
