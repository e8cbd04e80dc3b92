// An approval as a signed statement: a person is for the promotion of these images to a channel.

import { digestSet, makeStatement, type Statement } from './statement.ts'

export const APPROVAL_TYPE = 'urn:signalbox:gate:approval:v1'

export interface Approval {
  readonly channel: string
  /** ISO 8601, UTC. */
  readonly created: string
  readonly expires?: string
  readonly comment?: string
}

/** As a statement about images, by digest. */
export function approvalStatement(approval: Approval, images: readonly string[]): Statement {
  return makeStatement(
    images.map((digest) => ({ digest: digestSet(digest) })),
    APPROVAL_TYPE,
    { ...approval },
  )
}

/** Reads the predicate; what is wrong with it as text. */
export function approvalOf({
  predicateType,
  predicate,
}: Pick<Statement, 'predicateType' | 'predicate'>): Approval | string {
  if (predicateType !== APPROVAL_TYPE) return `it is no approval but ${predicateType}`
  const { channel, created, expires, comment } = predicate
  if (typeof channel !== 'string' || typeof created !== 'string') return 'it has no channel and time'
  if (expires !== undefined && (typeof expires !== 'string' || Number.isNaN(Date.parse(expires))))
    return 'its "expires" is no time'
  return {
    channel,
    created,
    ...(expires === undefined ? {} : { expires }),
    ...(typeof comment === 'string' ? { comment } : {}),
  }
}
