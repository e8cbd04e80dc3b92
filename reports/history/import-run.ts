// Puts one run into a history: whole or not at all. A run that is there already is known again by its name; it is replaced
// only by a record that tells more of it.

import { createHash } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { type Transaction } from 'kysely'
import type { RunSummary } from '../run-summary.ts'
import { judgedAttempts } from '../run-summary.ts'
import type { RunRecord } from '../record/index.ts'
import { addToDays } from './days.ts'
import { deleteRun } from './delete-run.ts'
import { cellId, fingerprintIds, imageId, testIds } from './dictionaries.ts'
import { insertRows } from './insert-rows.ts'
import { lockForWriting } from './lock.ts'
import type { History } from './open-history.ts'
import { storable, storableRow } from './storable.ts'
import type { HistoryTables } from './tables.ts'

/**
 * What became of a record. `known`: the same is there. `kept`: another record of the run is there, that tells as much or
 * more. `conflict`: another run of the same name is there, which stays.
 */
export type Imported = 'added' | 'replaced' | 'known' | 'kept' | 'conflict'

export interface ImportOptions {
  /** Replaces what is there, whichever tells more. */
  readonly replace?: boolean
  readonly now?: () => number
}

/** Imports one run. */
export async function importRun(
  history: History,
  { run, source }: RunRecord,
  options: ImportOptions = {},
): Promise<Imported> {
  const { replace = false, now = Date.now } = options
  const digest = recordDigest(run)
  return await history.db.transaction().execute(async (trx) => {
    await lockForWriting(trx, history.kind)
    const known = await trx
      .selectFrom('runs')
      .select(['id', 'digest', 'state', 'attempts', 'at', 'planned'])
      .where('run', '=', storable(run.run))
      .executeTakeFirst()
    if (known !== undefined && !replace) {
      if (known.digest === digest) return 'known'
      if (known.at !== Date.parse(run.startedAt)) return 'conflict'
      if (!tellsMore(run, known)) return 'kept'
    }
    if (known !== undefined) await deleteRun(trx, known)
    await insertRun(trx, run, { digest, source, importedAt: now() })
    return known === undefined ? 'added' : 'replaced'
  })
}

/** `sha256:<hex>` of the record of a run, whatever the order of its keys. */
export function recordDigest(run: RunSummary): string {
  return `sha256:${createHash('sha256').update(canonicalJson(run)).digest('hex')}`
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}

function tellsMore(
  run: RunSummary,
  known: { readonly state: string; readonly attempts: number; readonly planned: number },
): boolean {
  const [wasCutOff, isCutOff] = [known.state === 'incomplete', run.state === 'incomplete']
  if (wasCutOff !== isCutOff) return wasCutOff
  return attemptsOf(run) + run.planned > known.attempts + known.planned
}

function attemptsOf({ tests }: RunSummary): number {
  return tests.reduce((total, { attempts }) => total + attempts.length, 0)
}

interface Origin {
  readonly digest: string
  readonly source: string
  readonly importedAt: number
}

async function insertRun(trx: Transaction<HistoryTables>, run: RunSummary, origin: Origin): Promise<void> {
  const at = Date.parse(run.startedAt)
  const cell = await cellId(trx, run)
  const tests = await testIds(
    trx,
    run.tests.map(({ test }) => test),
  )
  const fingerprints = await fingerprintIds(
    trx,
    run.tests.flatMap(({ attempts }) => attempts.flatMap(({ failures }) => failures)),
  )
  const { id } = await trx
    .insertInto('runs')
    .values(
      storableRow({
        run: run.run,
        digest: origin.digest,
        state: run.state,
        at,
        duration_ms: run.durationMs,
        cell_id: cell,
        image_id: await imageId(trx, run.image),
        plan_digest: run.plan?.digest ?? null,
        planned: run.planned,
        attempts: attemptsOf(run),
        exit_code: run.exitCode,
        tool_version: run.toolVersion ?? null,
        source: origin.source,
        imported_at: origin.importedAt,
        ...run.verdicts,
      }),
    )
    .returning('id')
    .executeTakeFirstOrThrow()
  await trx
    .insertInto('records')
    .values({ run_id: id, body: deflateRawSync(JSON.stringify(run), { level: 6 }) })
    .execute()

  const key = { run_id: id, cell_id: cell }
  const idOf = (test: string): number => tests.get(storable(test)) ?? 0
  const fingerprintId = (fingerprint: string | undefined): number | null =>
    fingerprint === undefined ? null : (fingerprints.get(fingerprint) ?? null)
  await insertRows(
    trx,
    'verdicts',
    run.tests.map((test) => ({
      ...key,
      test_id: idOf(test.test),
      at,
      verdict: test.verdict,
      reason: test.reason ?? null,
      attempts: test.attempts.length,
      duration_ms: test.durationMs,
      fingerprint_id: fingerprintId(
        judgedAttempts(test).findLast((attempt) => attempt.fingerprint)?.fingerprint,
      ),
    })),
  )
  const attempts = run.tests.flatMap((test) => test.attempts.map((attempt) => ({ test: test.test, attempt })))
  await insertRows(
    trx,
    'attempts',
    attempts.map(({ test, attempt }) => ({
      ...key,
      test_id: idOf(test),
      n: attempt.n,
      at: Math.round(at + attempt.startedMs),
      duration_ms: attempt.durationMs,
      outcome: attempt.outcome,
      counted: attempt.audit === true ? 0 : 1,
      fingerprint_id: fingerprintId(attempt.fingerprint),
    })),
  )
  await insertRows(
    trx,
    'metrics',
    attempts.flatMap(({ test, attempt }) =>
      (attempt.metrics ?? []).map(({ name, unit, value, machine }) => ({
        ...key,
        test_id: idOf(test),
        n: attempt.n,
        at: Math.round(at + attempt.startedMs),
        name,
        unit,
        value,
        machine: machine ?? null,
      })),
    ),
  )
  await addToDays(trx, id, 1)
}
