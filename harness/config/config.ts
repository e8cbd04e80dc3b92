// What `signalbox.config.ts` may hold, as types, so that editors complete it. What is accepted at run time is checked in
// harness/cli/config; the meaning of each option is in the option table.

import type { Architecture, DistroName, Firmware } from '../model.ts'

/**
 * Options that a config gives a default for. Each is the key of a row of the option table (harness/cli/option-table.ts),
 * where its flag, its environment variable and its built-in default are. Paths are relative to the config's folder.
 */
export interface ConfigOptions {
  /** Only tests with one of these tags; `!tag` leaves tests out. */
  readonly tags?: readonly string[]
  /** Folders with test files, instead of the built-in tests. */
  readonly tests?: readonly string[]
  /** Files of tests that are known to fail. Default `signalbox-known-failures.yaml` in the working directory, if any. */
  readonly knownFailures?: readonly string[]
  /** Projects whose executables are tests, instead of the built-in tests. */
  readonly external?: readonly string[]

  /** Where machines come from. Default `qemu`. */
  readonly platform?: string
  /** Disk image or image folder; default: the reference image. */
  readonly image?: string
  /** Default: what the image says. */
  readonly distro?: DistroName
  readonly architecture?: Architecture
  /** Of the reference image that is built, or of a disk image that does not say. */
  readonly channel?: string
  /** Of the reference image that is built, or of a disk image that does not say. */
  readonly imageVersion?: string
  /** Default: what the image prefers. */
  readonly firmware?: Firmware
  /** Memory of a machine whose test does not say. Default 1024. */
  readonly memoryMiB?: number
  /** CPUs of a machine whose test does not say. Default 2. */
  readonly cpus?: number

  /** Most jobs at once; default: what memory and CPUs admit. */
  readonly jobs?: number
  /** Where results go, one folder a run. Default `signalbox-results` in the working directory. */
  readonly output?: string
  /** More attempts after a product failure. Default 0. */
  readonly retries?: number
  /** More attempts after an infrastructure fault. Default 1. */
  readonly infraRetries?: number
  /** What has failed is tried once more at the end, alone. Default false. */
  readonly retryIsolated?: boolean
  /** Most to wait for a quiet host, in all, before that. Default 60. */
  readonly quietWaitSeconds?: number
  /** Fork machines that were booted once; false boots every machine. Default true. */
  readonly fork?: boolean
  /** Share of the forked tests that also run on a cold boot, in percent. Default 0, 5 where CI is set. */
  readonly auditFork?: number | `${number}%`
  /** Start nothing new after the first failure. Default false. */
  readonly failFast?: boolean
  /** Start nothing new after so many tests have failed. */
  readonly maxFailures?: number
  /** A flaky test fails the run. Default false. */
  readonly failOnFlaky?: boolean
  /** Until a machine must be ready; default 60, times 8 where guests are emulated. */
  readonly bootTimeoutSeconds?: number
}

/** A key of `ConfigOptions`. */
export type ConfigKey = keyof ConfigOptions

/** The whole config. */
export type SignalboxConfig = ConfigOptions

/**
 * Types a config; returns it as it is.
 *
 * ```ts
 * export default defineConfig({ tests: ['./os-tests'], retries: 1 })
 * ```
 */
export function defineConfig(config: SignalboxConfig): SignalboxConfig {
  return config
}
