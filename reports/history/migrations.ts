// The steps that make the tables, oldest first. A step that was published is never changed: a new one is added.

import { type ColumnDefinitionBuilder, type CreateTableBuilder, type Kysely, sql } from 'kysely'
import type { Migration, MigrationProvider } from 'kysely/migration'
import type { HistoryKind } from './place.ts'

/** The migrations for this kind of database. */
export function migrationsFor(kind: HistoryKind): MigrationProvider {
  const migrations: Readonly<Record<string, Migration>> = {
    '0001-runs': { up: async (db: Kysely<unknown>) => await createTables(db, kind) },
    '0002-nightlies': { up: async (db: Kysely<unknown>) => await createNightlies(db, kind) },
  }
  return { getMigrations: async () => await Promise.resolve({ ...migrations }) }
}

async function createNightlies(db: Kysely<unknown>, kind: HistoryKind): Promise<void> {
  const wide = kind === 'postgres' ? 'bigint' : 'integer'
  await db.schema
    .createTable('nightlies')
    .addColumn('id', 'integer', (column) =>
      kind === 'postgres' ? column.primaryKey().generatedByDefaultAsIdentity() : column.primaryKey(),
    )
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('at', wide, (column) => column.notNull())
    .addColumn('beat_at', wide, (column) => column.notNull())
    .addColumn('ended_at', wide)
    .addColumn('exit_code', 'integer')
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('owner', 'text', (column) => column.notNull())
    .addColumn('run', 'text')
    .addColumn('folder', 'text')
    .execute()
  await db.schema.createIndex('nightlies_name').on('nightlies').columns(['name', 'at']).execute()
}

const verdictColumns = ['passed', 'flaky', 'warned', 'failed', 'infra', 'skipped', 'missing'] as const

async function createTables(db: Kysely<unknown>, kind: HistoryKind): Promise<void> {
  const wide = kind === 'postgres' ? 'bigint' : 'integer'
  const real = kind === 'postgres' ? 'double precision' : 'real'
  const bytes = kind === 'postgres' ? 'bytea' : 'blob'
  const needed = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder => column.notNull()
  const key = (column: ColumnDefinitionBuilder): ColumnDefinitionBuilder =>
    kind === 'postgres' ? column.primaryKey().generatedByDefaultAsIdentity() : column.primaryKey()
  const id = (table: string): CreateTableBuilder<string, 'id'> =>
    db.schema.createTable(table).addColumn('id', 'integer', key)

  await id('images')
    .addColumn('digest', 'text', (column) => column.notNull().unique())
    .addColumn('distro', 'text', needed)
    .addColumn('version', 'text', needed)
    .addColumn('channel', 'text', needed)
    .addColumn('architecture', 'text', needed)
    .addColumn('build_id', 'text')
    .execute()
  await id('cells')
    .addColumn('target', 'text', needed)
    .addColumn('channel', 'text', needed)
    .addColumn('platform', 'text', needed)
    .addColumn('architecture', 'text', needed)
    .addColumn('firmware', 'text', needed)
    .addColumn('distro', 'text', needed)
    .addUniqueConstraint('cells_name', ['target', 'channel'])
    .execute()
  await id('tests')
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .execute()
  await id('fingerprints')
    .addColumn('fingerprint', 'text', (column) => column.notNull().unique())
    .addColumn('phase', 'text', needed)
    .addColumn('code', 'text', needed)
    .addColumn('message', 'text', needed)
    .execute()

  let runs = id('runs')
    .addColumn('run', 'text', (column) => column.notNull().unique())
    .addColumn('digest', 'text', needed)
    .addColumn('state', 'text', needed)
    .addColumn('at', wide, needed)
    .addColumn('duration_ms', real, needed)
    .addColumn('cell_id', 'integer', needed)
    .addColumn('image_id', 'integer')
    .addColumn('plan_digest', 'text')
    .addColumn('planned', 'integer', needed)
    .addColumn('attempts', 'integer', needed)
    .addColumn('exit_code', 'integer', needed)
    .addColumn('tool_version', 'text')
    .addColumn('source', 'text', needed)
    .addColumn('imported_at', wide, needed)
  for (const name of verdictColumns) runs = runs.addColumn(name, 'integer', needed)
  await runs.execute()
  await db.schema.createIndex('runs_at').on('runs').columns(['at']).execute()
  await db.schema.createIndex('runs_image').on('runs').columns(['image_id', 'at']).execute()
  await db.schema
    .createTable('records')
    .addColumn('run_id', 'integer', (column) => column.primaryKey())
    .addColumn('body', sql.raw(bytes), needed)
    .execute()

  await db.schema
    .createTable('verdicts')
    .addColumn('run_id', 'integer', needed)
    .addColumn('test_id', 'integer', needed)
    .addColumn('cell_id', 'integer', needed)
    .addColumn('at', wide, needed)
    .addColumn('verdict', 'text', needed)
    .addColumn('reason', 'text')
    .addColumn('attempts', 'integer', needed)
    .addColumn('duration_ms', real, needed)
    .addColumn('fingerprint_id', 'integer')
    .addPrimaryKeyConstraint('verdicts_key', ['run_id', 'test_id'])
    .execute()
  await db.schema.createIndex('verdicts_test').on('verdicts').columns(['test_id', 'cell_id', 'at']).execute()

  await db.schema
    .createTable('attempts')
    .addColumn('run_id', 'integer', needed)
    .addColumn('test_id', 'integer', needed)
    .addColumn('n', 'integer', needed)
    .addColumn('cell_id', 'integer', needed)
    .addColumn('at', wide, needed)
    .addColumn('duration_ms', real, needed)
    .addColumn('outcome', 'text', needed)
    .addColumn('counted', 'integer', needed)
    .addColumn('fingerprint_id', 'integer')
    .addPrimaryKeyConstraint('attempts_key', ['run_id', 'test_id', 'n'])
    .execute()
  await db.schema
    .createIndex('attempts_cell')
    .on('attempts')
    .columns(['test_id', 'cell_id', 'at', 'outcome', 'counted'])
    .execute()
  await db.schema.createIndex('attempts_test').on('attempts').columns(['test_id', 'at']).execute()
  await db.schema
    .createIndex('attempts_fingerprint')
    .on('attempts')
    .columns(['fingerprint_id', 'at'])
    .where('fingerprint_id' as never, 'is not', null)
    .execute()

  await db.schema
    .createTable('metrics')
    .addColumn('run_id', 'integer', needed)
    .addColumn('test_id', 'integer', needed)
    .addColumn('n', 'integer', needed)
    .addColumn('cell_id', 'integer', needed)
    .addColumn('at', wide, needed)
    .addColumn('name', 'text', needed)
    .addColumn('unit', 'text', needed)
    .addColumn('value', real, needed)
    .addColumn('machine', 'text')
    .execute()
  await db.schema.createIndex('metrics_run').on('metrics').columns(['run_id']).execute()
  await db.schema.createIndex('metrics_test').on('metrics').columns(['test_id', 'name', 'at']).execute()

  let days = db.schema
    .createTable('days')
    .addColumn('day', 'integer', needed)
    .addColumn('test_id', 'integer', needed)
    .addColumn('cell_id', 'integer', needed)
    .addColumn('attempts_passed', 'integer', needed)
    .addColumn('attempts_failed', 'integer', needed)
    .addColumn('passed_ms', real, needed)
    .addPrimaryKeyConstraint('days_key', ['day', 'test_id', 'cell_id'])
  for (const name of ['passed', 'flaky', 'warned', 'failed', 'infra'] as const)
    days = days.addColumn(name, 'integer', needed)
  await days.execute()
  // Holds all that ranks and trends sum up: they never read the table, whose rows of one test lie far apart.
  await db.schema
    .createIndex('days_test')
    .on('days')
    .columns(['test_id', 'day', 'cell_id', 'flaky', 'passed', 'failed'])
    .execute()
}
