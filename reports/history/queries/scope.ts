// Which attempts a query is about: a test, perhaps on one target, of one channel, of a span of time.

import type { SqlBool, Expression, ExpressionBuilder } from 'kysely'
import { storable } from '../storable.ts'
import type { History } from '../open-history.ts'
import type { HistoryTables } from '../tables.ts'

export interface Scope {
  readonly test: string
  /** Name of a target; default: all. */
  readonly target?: string | undefined
  readonly channel?: string | undefined
  /** Milliseconds since 1970; from then on. */
  readonly sinceMs?: number | undefined
  /** Before then. */
  readonly untilMs?: number | undefined
}

/** The numbers that a scope comes to; undefined when no such test, target or channel was ever imported. */
export interface ScopeIds {
  readonly test: number
  /** Absent: all. */
  readonly cells?: readonly number[]
}

/** Looks the names up. */
export async function idsOf(history: History, scope: Scope): Promise<ScopeIds | undefined> {
  const test = await history.db
    .selectFrom('tests')
    .select('id')
    .where('name', '=', storable(scope.test))
    .executeTakeFirst()
  if (test === undefined) return undefined
  const cells = await cellsOf(history, scope)
  if (cells === undefined) return { test: test.id }
  return cells.length === 0 ? undefined : { test: test.id, cells }
}

/** Numbers of the cells that are meant; undefined: all of them. */
export async function cellsOf(
  history: History,
  { target, channel }: Pick<Scope, 'target' | 'channel'>,
): Promise<readonly number[] | undefined> {
  if (target === undefined && channel === undefined) return undefined
  let query = history.db.selectFrom('cells').select('id')
  if (target !== undefined) query = query.where('target', '=', target)
  if (channel !== undefined) query = query.where('channel', '=', channel)
  return (await query.execute()).map(({ id }) => id)
}

type Timed = 'attempts' | 'verdicts' | 'metrics'

/** The scope as a condition on the rows of a table that has test, cell and time. */
export function within<T extends Timed>(
  eb: ExpressionBuilder<HistoryTables, T>,
  table: T,
  ids: ScopeIds,
  { sinceMs, untilMs }: Pick<Scope, 'sinceMs' | 'untilMs'>,
): Expression<SqlBool> {
  const column = (name: 'test_id' | 'cell_id' | 'at') => eb.ref(`${table}.${name}` as never)
  return eb.and([
    eb(column('test_id'), '=', ids.test as never),
    ...(ids.cells === undefined ? [] : [eb(column('cell_id'), 'in', ids.cells as never)]),
    ...(sinceMs === undefined ? [] : [eb(column('at'), '>=', sinceMs as never)]),
    ...(untilMs === undefined ? [] : [eb(column('at'), '<', untilMs as never)]),
  ])
}
