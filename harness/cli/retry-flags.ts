// What the options about retries and repetitions mean together.

import { UsageError } from '../errors.ts'
import type { RetryPolicy } from '../retry-policy.ts'
import type { RunFlags } from './option-table.ts'

/** How often and how long a run goes on; as `prepareRun` takes it. */
export interface RetryOptions extends RetryPolicy {
  readonly maxFailures: number | undefined
  readonly quietWaitMs: number
}

type RetryFlags = Pick<
  RunFlags,
  | 'retries'
  | 'infraRetries'
  | 'retryIsolated'
  | 'quietWait'
  | 'repeat'
  | 'failFast'
  | 'maxFailures'
  | 'auditFork'
>

/** Throws UsageError for options that contradict each other. */
export function retryPolicyOf(flags: RetryFlags): RetryOptions {
  const { retries, infraRetries, retryIsolated, repeat, failFast, maxFailures } = flags
  const clashes = [
    ['--retries', retries > 0],
    ['--retry-isolated', retryIsolated],
    ['--audit-fork', (flags.auditFork ?? 0) > 0],
  ] as const
  const clash = repeat === undefined ? undefined : clashes.find(([, given]) => given)
  if (clash !== undefined) {
    throw new UsageError(`--repeat and ${clash[0]} do not go together`, {
      code: 'repeat-clash',
      hint: '--repeat runs each test so often whatever comes of it; leave one of the two out',
    })
  }
  return {
    retries,
    infraRetries,
    retryIsolated,
    repeat,
    maxFailures: failFast ? 1 : maxFailures,
    quietWaitMs: flags.quietWait * 1000,
  }
}
