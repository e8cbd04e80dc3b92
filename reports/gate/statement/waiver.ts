// A waiver as a signed statement: one test on one target may fail in one way, for a reason, for a time, so often. Author and
// approver both sign it; who signs is checked where it is used.

import { createHash } from 'node:crypto'
import { makeStatement, type Statement } from './statement.ts'

export const WAIVER_TYPE = 'urn:signalbox:gate:waiver:v1'

export interface Waiver {
  readonly test: string
  /** Name of the target. */
  readonly target: string
  /** Of the failure: it stops applying when the test fails otherwise. */
  readonly fingerprint: string
  readonly reason: string
  /** Where the bug is tracked, usually an address. */
  readonly tracker: string
  /** Name of a signer of the policy. */
  readonly author: string
  /** Name of another. */
  readonly approver: string
  /** ISO 8601, UTC. */
  readonly created: string
  readonly expires: string
  /** For so many promotions. */
  readonly maximumUses: number
}

/** As a statement; its subject is the failure in its place. */
export function waiverStatement(waiver: Waiver): Statement {
  const { test, target, fingerprint } = waiver
  const digest = createHash('sha256')
    .update(JSON.stringify([test, target, fingerprint]))
    .digest('hex')
  return makeStatement([{ name: `${test} on ${target}`, digest: { sha256: digest } }], WAIVER_TYPE, {
    ...waiver,
  })
}

/** Reads the predicate; what is wrong with it as text. */
export function waiverOf({
  predicateType,
  predicate,
}: Pick<Statement, 'predicateType' | 'predicate'>): Waiver | string {
  if (predicateType !== WAIVER_TYPE) return `it is no waiver but ${predicateType}`
  const text = (name: keyof Waiver): string | undefined => {
    const value = predicate[name]
    return typeof value === 'string' && value.trim() !== '' ? value : undefined
  }
  const missing = (
    [
      'test',
      'target',
      'fingerprint',
      'reason',
      'tracker',
      'author',
      'approver',
      'created',
      'expires',
    ] as const
  ).find((name) => text(name) === undefined)
  if (missing !== undefined) return `it has no ${missing}`
  const maximumUses = predicate['maximumUses']
  if (typeof maximumUses !== 'number' || !Number.isInteger(maximumUses) || maximumUses < 1)
    return 'it has no maximumUses'
  for (const name of ['created', 'expires'] as const)
    if (Number.isNaN(Date.parse(text(name) ?? ''))) return `its "${name}" is no time`
  return {
    test: text('test') ?? '',
    target: text('target') ?? '',
    fingerprint: text('fingerprint') ?? '',
    reason: text('reason') ?? '',
    tracker: text('tracker') ?? '',
    author: text('author') ?? '',
    approver: text('approver') ?? '',
    created: text('created') ?? '',
    expires: text('expires') ?? '',
    maximumUses,
  }
}
