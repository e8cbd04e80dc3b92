// What is said about a known failure, in one line. The texts come from a file of the project's own, but reports treat
// them like all others.

import type { KnownFailure, Verdict } from '../model.ts'

/** `known.yaml:12 (https://...)`. */
export function describeKnown({ source, tracker }: Pick<KnownFailure, 'source' | 'tracker'>): string {
  return tracker === undefined ? source : `${source} (${tracker})`
}

/** `known failure: it hangs (https://...)`. */
export function knownText({ reason, tracker, pattern }: KnownFailure): string {
  return `known failure: ${reason ?? pattern}${tracker === undefined ? '' : ` (${tracker})`}`
}

/** Why a test that the entry is about has this verdict; undefined when the entry has no part in it. */
export function knownReason(verdict: Verdict, known: KnownFailure): string | undefined {
  const { tracker, source } = known
  switch (verdict) {
    case 'warned':
      return knownText(known)
    case 'failed': {
      const bug = tracker === undefined ? 'the bug' : `the bug ${tracker}`
      return `it passed, so ${bug} is gone: remove the entry ${source}`
    }
    case 'passed':
    case 'flaky':
    case 'infra':
    case 'skipped':
    case 'missing':
      return undefined
    default:
      return verdict satisfies never
  }
}
