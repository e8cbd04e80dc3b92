// The sums of days: what a run adds to them, or takes away again when it is removed.

import { sql, type Transaction } from 'kysely'
import type { HistoryTables } from './tables.ts'

export const DAY_MS = 86_400_000

/** Days since 1970, UTC. */
export function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS)
}

/**
 * Adds the verdicts and attempts of a run to the day on which it began (`sign` 1), or takes them away (-1). The rows of
 * the run must be there.
 */
export async function addToDays(trx: Transaction<HistoryTables>, runId: number, sign: 1 | -1): Promise<void> {
  const by = sql.lit(sign)
  // `where true` ends the select for SQLite, which would take "on conflict" for a join's "on".
  await sql`
    insert into days (day, test_id, cell_id, attempts_passed, attempts_failed, passed_ms, passed, flaky, warned, failed, infra)
    select v.at / ${sql.lit(DAY_MS)}, v.test_id, v.cell_id,
      ${by} * coalesce(a.passed, 0), ${by} * coalesce(a.failed, 0), ${by} * coalesce(a.passed_ms, 0),
      ${by} * case when v.verdict = 'passed' then 1 else 0 end,
      ${by} * case when v.verdict = 'flaky' then 1 else 0 end,
      ${by} * case when v.verdict = 'warned' then 1 else 0 end,
      ${by} * case when v.verdict = 'failed' then 1 else 0 end,
      ${by} * case when v.verdict = 'infra' then 1 else 0 end
    from verdicts v left join (
      select test_id,
        sum(case when outcome = 'passed' then 1 else 0 end) as passed,
        sum(case when outcome = 'failed' then 1 else 0 end) as failed,
        sum(case when outcome = 'passed' then duration_ms else 0 end) as passed_ms
      from attempts where run_id = ${runId} and counted = 1 group by test_id
    ) a on a.test_id = v.test_id
    where v.run_id = ${runId} and v.verdict not in ('skipped', 'missing')
    on conflict (day, test_id, cell_id) do update set
      attempts_passed = days.attempts_passed + excluded.attempts_passed,
      attempts_failed = days.attempts_failed + excluded.attempts_failed,
      passed_ms = days.passed_ms + excluded.passed_ms,
      passed = days.passed + excluded.passed,
      flaky = days.flaky + excluded.flaky,
      warned = days.warned + excluded.warned,
      failed = days.failed + excluded.failed,
      infra = days.infra + excluded.infra`.execute(trx)
}
