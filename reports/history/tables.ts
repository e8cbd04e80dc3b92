// The tables of the history, as Kysely types. Times are milliseconds since 1970, UTC; flags are 0 or 1: SQLite and
// PostgreSQL then hold the same values.

import type { Generated } from 'kysely'
import type { Outcome, Verdict } from '../../harness/model.ts'

export interface ImagesTable {
  readonly id: Generated<number>
  readonly digest: string
  readonly distro: string
  readonly version: string
  readonly channel: string
  readonly architecture: string
  readonly build_id: string | null
}

/** A target within a channel: what a test's history is kept apart by. */
export interface CellsTable {
  readonly id: Generated<number>
  readonly target: string
  readonly channel: string
  readonly platform: string
  readonly architecture: string
  readonly firmware: string
  readonly distro: string
}

export interface TestsTable {
  readonly id: Generated<number>
  readonly name: string
}

export interface FingerprintsTable {
  readonly id: Generated<number>
  readonly fingerprint: string
  readonly phase: string
  readonly code: string
  /** Of the failure that was imported first. Text of a guest. */
  readonly message: string
}

/** One count a verdict. */
type VerdictColumns = Readonly<Record<Verdict, number>>

export interface RunsTable extends VerdictColumns {
  readonly id: Generated<number>
  readonly run: string
  /** `sha256:<hex>` of the record, whatever the order of its keys. */
  readonly digest: string
  readonly state: string
  readonly at: number
  readonly duration_ms: number
  readonly cell_id: number
  readonly image_id: number | null
  readonly plan_digest: string | null
  readonly planned: number
  readonly attempts: number
  readonly exit_code: number
  readonly tool_version: string | null
  /** The file it was imported from. */
  readonly source: string
  readonly imported_at: number
}

export interface RecordsTable {
  readonly run_id: number
  /** The whole record of the run, deflated JSON. */
  readonly body: Uint8Array
}

export interface VerdictsTable {
  readonly run_id: number
  readonly test_id: number
  readonly cell_id: number
  readonly at: number
  readonly verdict: Verdict
  readonly reason: string | null
  readonly attempts: number
  readonly duration_ms: number
  readonly fingerprint_id: number | null
}

export interface AttemptsTable {
  readonly run_id: number
  readonly test_id: number
  readonly n: number
  readonly cell_id: number
  readonly at: number
  readonly duration_ms: number
  readonly outcome: Outcome | 'unfinished'
  /** 0: it repeated a fork on a cold boot, and made no verdict. */
  readonly counted: number
  readonly fingerprint_id: number | null
}

export interface MetricsTable {
  readonly run_id: number
  readonly test_id: number
  readonly n: number
  readonly cell_id: number
  readonly at: number
  readonly name: string
  readonly unit: string
  readonly value: number
  readonly machine: string | null
}

/** Sums of one day (days since 1970, UTC), kept in step with the other tables: what ranks and trends are read from. */
export interface DaysTable extends Pick<VerdictColumns, 'passed' | 'flaky' | 'warned' | 'failed' | 'infra'> {
  readonly day: number
  readonly test_id: number
  readonly cell_id: number
  /** Attempts that judged the image. */
  readonly attempts_passed: number
  readonly attempts_failed: number
  /** Of the attempts that passed. */
  readonly passed_ms: number
}

/** Each nightly from its beginning on, also one that was killed and has no run. */
export interface NightliesTable {
  readonly id: Generated<number>
  /** Which matrix it is of: nightlies of one name are compared. */
  readonly name: string
  readonly at: number
  /** The last sign of life while it runs. */
  readonly beat_at: number
  /** Null while it runs. */
  readonly ended_at: number | null
  /** Null: it runs, or did not end by itself. */
  readonly exit_code: number | null
  readonly host: string
  /** Its process, as only its host understands it. */
  readonly owner: string
  /** Its runs in the history: this one, and those of its targets, which begin with it and a dot. Null: none began. */
  readonly run: string | null
  /** Where its results are, on its host. */
  readonly folder: string | null
}

export interface HistoryTables {
  readonly nightlies: NightliesTable
  readonly images: ImagesTable
  readonly cells: CellsTable
  readonly tests: TestsTable
  readonly fingerprints: FingerprintsTable
  readonly runs: RunsTable
  readonly records: RecordsTable
  readonly verdicts: VerdictsTable
  readonly attempts: AttemptsTable
  readonly metrics: MetricsTable
  readonly days: DaysTable
}
