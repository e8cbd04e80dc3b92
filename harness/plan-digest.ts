// The digest of a plan: what the expected set was before the first machine. Whoever holds a record can compute it again.

import { createHash } from 'node:crypto'
import type { ImageIdentity, KnownFailure, PlannedTest, Target } from './model.ts'

export interface ExpectedSet {
  readonly target: Target
  readonly image: ImageIdentity
  readonly tests: readonly Pick<PlannedTest, 'test' | 'expectation' | 'knownFailure'>[]
  /** How often each test is run; undefined: until there is a verdict. */
  readonly repeat?: number | undefined
}

/** `sha256:<hex>` over target, image and the expected set with its known failures, in the order of the plan. */
export function planDigest({ target, image, tests, repeat }: ExpectedSet): string {
  const expected = tests.map(({ test, expectation, knownFailure }) => [
    test,
    expectation,
    ...(knownFailure === undefined ? [] : [withoutSource(knownFailure)]),
  ])
  const digest = createHash('sha256')
    .update(JSON.stringify([target, image, expected, ...(repeat === undefined ? [] : [{ repeat }])]))
    .digest('hex')
  return `sha256:${digest}`
}

/** Where an entry stands does not change what is expected. */
function withoutSource(known: KnownFailure): Omit<KnownFailure, 'source'> {
  const { source: _, ...expected } = known
  return expected
}
