// Whether a parsed record has the published shape (`run-schema.ts`): what reads it need not doubt any field.

import { createRequire } from 'node:module'
import type { ValidateFunction } from 'ajv/dist/2020.js'
import type { Summary } from '../run-summary.ts'
import { runSchema } from './run-schema.ts'

// Records are read by few of those that load this room: the validator comes with the first of them.
const require = createRequire(import.meta.url)
let compiled: ValidateFunction | undefined

/** What is wrong first, as `/runs/0/tests/3/verdict must be ...`; undefined when nothing is. */
export function wrongInRecord(value: unknown): string | undefined {
  compiled ??= compile()
  if (compiled(value)) return wrongTime(value as Summary)
  const first = compiled.errors?.[0]
  const allowed: unknown = first?.params['allowedValues'] ?? first?.params['allowedValue']
  const detail = allowed === undefined ? '' : `: ${JSON.stringify(allowed)}`
  return `${first?.instancePath === '' ? '/' : (first?.instancePath ?? '/')} ${first?.message ?? 'is wrong'}${detail}`
}

function compile(): ValidateFunction {
  const { Ajv2020 } = require('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js')
  return new Ajv2020({ strict: true, allowUnionTypes: true }).compile(runSchema)
}

/** Ajv's own formats are not used: of a date only that it is one matters here. */
function wrongTime({ runs }: Pick<Summary, 'runs'>): string | undefined {
  const at = runs.findIndex(({ startedAt }) => Number.isNaN(Date.parse(startedAt)))
  return at === -1 ? undefined : `/runs/${at}/startedAt must be a time in ISO 8601`
}
