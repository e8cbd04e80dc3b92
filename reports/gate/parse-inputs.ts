// The small JSON inputs of a decision: a slice of history, past decisions, canary figures. Checked field by field.

import { UsageError } from '../../harness/errors.ts'
import type { Canary, HistoryRow, LedgerEntry } from './view.ts'

export const HISTORY_SCHEMA = 'signalbox.gate-history/1'
export const LEDGER_SCHEMA = 'signalbox.gate-ledger/1'

type Fields = Readonly<Record<string, unknown>>

/** The text of a slice of history; rows as arrays, as there are many. */
export function historyText(rows: readonly HistoryRow[]): string {
  const sorted = rows
    .map(({ run, at, place, test, trials, flakes }) => [run, at, place, test, trials, flakes])
    .map((row) => JSON.stringify(row))
    .toSorted()
  return `{"schema":"${HISTORY_SCHEMA}","columns":["run","at","place","test","trials","flakes"],"rows":[\n${sorted.join(',\n')}\n]}\n`
}

/** Reads it. Throws UsageError. */
export function parseHistory(text: string, source: string): readonly HistoryRow[] {
  const { rows } = parseSchema(text, source, HISTORY_SCHEMA)
  if (!Array.isArray(rows)) throw wrong(source, 'it has no rows')
  return rows.map((row: unknown): HistoryRow => {
    const [run, at, place, test, trials, flakes] = Array.isArray(row) ? (row as readonly unknown[]) : []
    if (
      typeof run !== 'string' ||
      !isTime(at) ||
      typeof place !== 'string' ||
      typeof test !== 'string' ||
      !isCount(trials) ||
      !isCount(flakes) ||
      flakes > trials
    )
      throw wrong(source, 'a row is not run, at, place, test, trials, flakes')
    return { run, at, place, test, trials, flakes }
  })
}

/** The text of past decisions. */
export function ledgerText(entries: readonly LedgerEntry[]): string {
  const sorted = entries.toSorted((a, b) => (a.decision < b.decision ? -1 : 1))
  return `${JSON.stringify({ schema: LEDGER_SCHEMA, entries: sorted }, undefined, 1)}\n`
}

/** Reads it. Throws UsageError. */
export function parseLedger(text: string, source: string): readonly LedgerEntry[] {
  const { entries } = parseSchema(text, source, LEDGER_SCHEMA)
  if (!Array.isArray(entries) || !entries.every(isLedgerEntry)) throw wrong(source, 'an entry is damaged')
  return entries
}

/** Reads canary figures: `{ "channel": "alpha", "version": "4500.1.0", "instances": 1200, "errors": 3 }`. Throws UsageError. */
export function parseCanary(text: string, source: string): Canary {
  const { channel, version, instances, errors } = parseObject(text, source)
  if (typeof channel !== 'string' || typeof version !== 'string' || !isCount(instances) || !isCount(errors))
    throw wrong(source, 'expected channel, version, instances and errors')
  if (errors > instances) throw wrong(source, 'it has more errors than instances')
  return { channel, version, instances, errors }
}

function isLedgerEntry(value: unknown): value is LedgerEntry {
  if (!isRecord(value)) return false
  const { decision, ruling, channel, images, decidedAt, waivers } = value
  return (
    typeof decision === 'string' &&
    (ruling === 'promote' || ruling === 'hold' || ruling === 'need-more-results') &&
    typeof channel === 'string' &&
    isTexts(images) &&
    isTime(decidedAt) &&
    isTexts(waivers)
  )
}

function parseSchema(text: string, source: string, schema: string): Fields {
  const value = parseObject(text, source)
  if (value['schema'] !== schema) throw wrong(source, `it is not of the schema ${schema}`)
  return value
}

function parseObject(text: string, source: string): Fields {
  try {
    const value: unknown = JSON.parse(text)
    if (isRecord(value)) return value
  } catch {
    throw wrong(source, 'it is no JSON, or cut off')
  }
  throw wrong(source, 'it is no JSON object')
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value))
}

function wrong(source: string, why: string): UsageError {
  return new UsageError(`${source} cannot be used: ${why}`, { code: 'gate-input' })
}
