// What commands get of the options in option-table.ts, after parsing.

import type { UpdateMode } from '../snapshot/index.ts'
import type { OnFailure } from '../debugging/debugging.ts'

/** What `run` hands to its action, after parsing. */
export interface SelectionFlags {
  readonly tag?: readonly string[]
  readonly tests?: readonly string[]
  readonly external?: readonly string[]
  /** A folder, or true: the latest run. */
  readonly lastFailed?: string | true
  /** A commit, or true: HEAD. */
  readonly changed?: string | true
  readonly shard?: { readonly index: number; readonly count: number }
  readonly durations?: string
  readonly output: string
  readonly knownFailures?: readonly string[]
  readonly ignoreKnownFailures: boolean
}

export interface TargetFlags {
  readonly target?: readonly string[]
  readonly platform: string
  readonly set?: readonly string[]
  readonly image?: string
  readonly distro?: string
  readonly arch?: string
  readonly channel?: string
  readonly imageVersion?: string
  readonly flavour?: string
  readonly updateTo?: string
  readonly updateVersion?: string
  readonly firmware?: string
  readonly tpm?: string
  readonly surroundings?: readonly string[]
}

export interface DebugFlags {
  readonly onFailure?: OnFailure
  readonly keep: boolean
  readonly saveFailed: boolean
  readonly saveLimit: number
  readonly debug: boolean
  readonly console: boolean
}

export interface RunFlags extends SelectionFlags, TargetFlags, DebugFlags {
  readonly appendIgnition?: readonly string[]
  /** MiB a machine whose test does not say. */
  readonly memory?: number
  readonly cpus?: number
  readonly jobs?: number
  readonly retries: number
  readonly infraRetries: number
  readonly retryIsolated: boolean
  readonly quietWait: number
  readonly repeat?: number
  readonly fork: boolean
  /** A share from 0 to 1. */
  readonly auditFork?: number
  readonly failFast: boolean
  readonly maxFailures?: number
  readonly failOnFlaky: boolean
  readonly maxMachines?: number
  /** US dollars. */
  readonly maxCost?: number
  readonly bootTimeout?: number
  /** Given without a mode: true. */
  readonly updateSnapshots?: UpdateMode | true
  readonly json: boolean
}
