// `decision.json`: the one form of a decision as bytes, the same for the same decision. No control character is raw in it.

import { UsageError } from '../../harness/errors.ts'
import { safeJson } from '../json.ts'
import { DECISION_VERSION, type Decision } from './decision.ts'

/** The text of a decision. */
export function decisionText(decision: Decision): string {
  return safeJson(decision)
}

/** Reads one. Throws UsageError for anything else, and for one of a newer version. */
export function parseDecision(text: string, source: string): Decision {
  const refuse = (why: string): UsageError =>
    new UsageError(`${source} is no decision of the gate: ${why}`, { code: 'decision-unreadable' })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw refuse('it is no JSON, or cut off')
  }
  const { schemaVersion, decision, channel, digests, images, decidedAt, inputs, waived, waivers } = (value ??
    {}) as Readonly<Record<string, unknown>>
  if (typeof schemaVersion === 'number' && schemaVersion > DECISION_VERSION)
    throw refuse(`it was made by a newer version (${schemaVersion}, this one knows ${DECISION_VERSION})`)
  const isWhole =
    schemaVersion === DECISION_VERSION &&
    (decision === 'promote' || decision === 'hold' || decision === 'need-more-results') &&
    typeof channel === 'string' &&
    typeof decidedAt === 'string' &&
    [digests, images, inputs, waived, waivers].every((each) => Array.isArray(each)) &&
    (inputs as readonly unknown[]).every(isInput)
  if (!isWhole) throw refuse('it lacks fields')
  return value as Decision
}

function isInput(value: unknown): boolean {
  const { kind, name, sha256, bytes } = (value ?? {}) as Readonly<Record<string, unknown>>
  return (
    typeof kind === 'string' &&
    typeof name === 'string' &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256) &&
    typeof bytes === 'number'
  )
}
