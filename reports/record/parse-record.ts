// `run.json` as text -> runs in today's shape. What is cut off, from the future or no record at all is said by name.

import { messageOf, UsageError } from '../../harness/errors.ts'
import { oneLine } from '../../harness/hostile-text.ts'
import { type Notice, RUN_SCHEMA, type RunSummary, type Summary } from '../run-summary.ts'
import { wrongInRecord } from './check-record.ts'
import { upgradeRecord } from './upgrade.ts'

export interface ParsedRecord {
  readonly runs: readonly RunSummary[]
  readonly notices: readonly Notice[]
}

/** The number in `RUN_SCHEMA`: what this version writes. */
export const RECORD_VERSION = versionIn(RUN_SCHEMA) ?? 0

/**
 * Parses a record. `source` names it in errors.
 *
 * @throws UsageError `record-cut-off`, `record-not-record`, `record-newer-version` or `record-invalid`.
 */
export function parseRecord(text: string, source: string): ParsedRecord {
  const value = parseJson(text, source)
  const version = versionOf(value)
  if (version === undefined)
    throw new UsageError(`${source} is not a run record: it has no "schema": "${RUN_SCHEMA}"`, {
      code: 'record-not-record',
      hint: "Name a run's folder, or its run.json.",
    })
  if (version > RECORD_VERSION)
    throw new UsageError(
      `${source} was written by a newer Signalbox: record version ${version}, this one reads up to ${RECORD_VERSION}`,
      { code: 'record-newer-version', hint: 'Use the Signalbox that wrote it, or a later one.' },
    )
  const upgraded = upgradeRecord(value, version)
  const wrong = wrongInRecord(upgraded)
  if (wrong !== undefined)
    throw new UsageError(`${source} is a damaged run record: ${oneLine(wrong, 200)}`, {
      code: 'record-invalid',
      hint: 'Make it again from its events: signalbox report show FOLDER --format json',
    })
  const { runs, notices } = upgraded as Summary
  const seen = new Set<string>()
  const once = runs.filter(({ run }) => !seen.has(run) && seen.add(run))
  const twice: readonly Notice[] =
    once.length === runs.length
      ? []
      : [
          {
            level: 'warning',
            code: 'record-duplicate',
            message: `${source} holds a run more than once; the first counts`,
          },
        ]
  return { runs: once, notices: [...notices, ...twice] }
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const begins = /^\s*\{/.test(text)
    if (!begins || !/"schema(?:Version)?"/.test(text.slice(0, 200)))
      throw new UsageError(`${source} is not a run record: ${oneLine(messageOf(error), 200)}`, {
        code: 'record-not-record',
        hint: "Name a run's folder, or its run.json.",
        cause: error,
      })
    throw new UsageError(`${source} is cut off or damaged: ${oneLine(messageOf(error), 200)}`, {
      code: 'record-cut-off',
      hint: 'Make it again from its events: signalbox report show FOLDER --format json',
      cause: error,
    })
  }
}

/** Version 1 had a number of its own instead of the schema's name. */
function versionOf(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { schema, schemaVersion } = value as { readonly schema?: unknown; readonly schemaVersion?: unknown }
  if (typeof schema === 'string') return versionIn(schema)
  return typeof schemaVersion === 'number' && Number.isInteger(schemaVersion) ? schemaVersion : undefined
}

function versionIn(schema: string): number | undefined {
  const number = /^signalbox\.run\/(\d{1,6})$/.exec(schema)?.[1]
  return number === undefined ? undefined : Number(number)
}
