// The divergence audit: a sample of the forked tests also runs on a cold boot, and the two must agree. Pure.

import { createHash } from 'node:crypto'
import type { Outcome } from '../model.ts'

/** Whether a test is in the sample; `share` from 0 to 1, `seed` differs from run to run. */
export function isAudited(test: string, share: number, seed: string): boolean {
  const hash = createHash('sha256').update(`${seed} ${test}`).digest()
  return hash.readUInt32BE(0) / 2 ** 32 < share
}

/** What a cold boot says about the outcome of a fork. */
export type AuditFinding =
  | { readonly kind: 'agrees' }
  | { readonly kind: 'diverges'; readonly reason: string }
  /** The cold boot came to nothing (infrastructure), so that it says nothing. */
  | { readonly kind: 'unknown' }

/** Compares the outcome on a fork with the one on a cold boot. */
export function compareOutcomes(forked: Outcome, cold: Outcome): AuditFinding {
  if (cold === 'infra' || cold === 'harness') return { kind: 'unknown' }
  if (forked === cold) return { kind: 'agrees' }
  return { kind: 'diverges', reason: `it ${forked} on a fork and ${cold} on a cold boot` }
}
