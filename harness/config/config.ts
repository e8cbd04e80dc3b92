// What `signalbox.config.ts` may hold, as types, so that editors complete it. What is accepted at run time is checked in
// harness/cli/config; the meaning of each option is in the option table.

import type { SignalboxEvent } from '../events.ts'
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

  /** Names or globs of targets that are run when the command line names none; `!name` leaves one out. Default: all. */
  readonly defaultTargets?: readonly string[]
  /** Where machines come from. Default `qemu`. */
  readonly platform?: string
  /** Settings of the platform as `name=value`, as `--set`. Never a secret. */
  readonly platformSettings?: readonly string[]
  /** Disk image or image folder; default: the reference image. */
  readonly image?: string
  /** Default: what the image says. */
  readonly distro?: DistroName
  readonly architecture?: Architecture
  /** Of the reference image that is built, or of a disk image that does not say. */
  readonly channel?: string
  /** Of the reference image that is built, or of a disk image that does not say. */
  readonly imageVersion?: string
  /** What is around the machines, for tests that need it: `internet`, `nvidia-gpu`. */
  readonly surroundings?: readonly string[]
  /** The reference image with more programs, as `--flavour`. */
  readonly flavour?: string
  /** The version that tests of updates update to, as `--update-to`. */
  readonly updateTo?: string
  readonly updateVersion?: string
  /** Default: what the image prefers. */
  readonly firmware?: Firmware
  /** `on`: every machine has a TPM; `off`: none has, and tests of one are skipped. Default: those whose test asks for one. */
  readonly tpm?: 'on' | 'off'
  /** Memory of a machine whose test does not say. Default 1024. */
  readonly memoryMiB?: number
  /** CPUs of a machine whose test does not say. Default 2. */
  readonly cpus?: number
  /** Files of Ignition or Butane that every machine gets besides what its test gives it. */
  readonly appendIgnition?: readonly string[]

  /** Most jobs at once; default: what memory and CPUs admit. */
  readonly jobs?: number
  /** Where results go, one folder a run. Default `signalbox-results` in the working directory. */
  readonly output?: string
  /** Where the history of runs is: a file, or `postgres://user@host/database`. Default: in the user's data folder. */
  readonly history?: string
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
  /** Most machines at the same time, where the platform makes them elsewhere. */
  readonly maxMachines?: number
  /** US dollars: what would cost more is not started. */
  readonly maxCost?: number
  /** Until a machine must be ready; default 60, times how much slower guests run here (`signalbox doctor`). */
  readonly bootTimeoutSeconds?: number
}

/** A key of `ConfigOptions`. */
export type ConfigKey = keyof ConfigOptions

/** The options that a target may have a value of its own for; the others are for the whole run. */
export type TargetOptionKey =
  | 'tags'
  | 'platform'
  | 'platformSettings'
  | 'image'
  | 'distro'
  | 'architecture'
  | 'channel'
  | 'imageVersion'
  | 'flavour'
  | 'updateTo'
  | 'updateVersion'
  | 'firmware'
  | 'tpm'
  | 'surroundings'
  | 'memoryMiB'
  | 'cpus'
  | 'appendIgnition'
  | 'jobs'
  | 'retries'
  | 'infraRetries'
  | 'fork'
  | 'auditFork'
  | 'maxMachines'
  | 'maxCost'
  | 'bootTimeoutSeconds'

/** One cell of the matrix. What it does not say, the config says for all. */
export interface TargetConfig extends Pick<ConfigOptions, TargetOptionKey> {
  /** Tests with one of these tags are skipped here, and the report says so. */
  readonly excludeTags?: readonly string[]
  /** How much slower its machines are than KVM; multiplies timeouts. Default: what the platform finds out. */
  readonly slowness?: number
}

/** The options that can be an axis of a matrix. */
export type AxisKey =
  | 'platform'
  | 'architecture'
  | 'firmware'
  | 'tpm'
  | 'distro'
  | 'channel'
  | 'imageVersion'
  | 'flavour'
  | 'image'
  | 'memoryMiB'
  | 'cpus'
  | 'fork'

/** Values of axes; null: the option is not set there. */
export type AxisValues = { readonly [Key in AxisKey]?: NonNullable<ConfigOptions[Key]> | null }

/**
 * Targets as the combinations of values, by the rules of GitHub Actions' `strategy.matrix`. Each is named by its platform and its
 * values: `qemu-x86_64-uefi-tpm-stable`.
 */
export type MatrixConfig = {
  readonly [Key in AxisKey]?: readonly (NonNullable<ConfigOptions[Key]> | null)[]
} & {
  /** Combinations that are left out: all that have these values. */
  readonly exclude?: readonly AxisValues[]
  /**
   * What is added to the combinations with these values of axes: `{ architecture: 'arm64', excludeTags: ['slow'] }`; what can be
   * added to none is a target of its own, which may have a `name`.
   */
  readonly include?: readonly (Omit<TargetConfig, AxisKey> & AxisValues & { readonly name?: string })[]
}

/** The whole config. */
export interface SignalboxConfig extends ConfigOptions {
  /** The targets by name, in the order in which they are run; `--target` chooses among them. */
  readonly targets?: Readonly<Record<string, TargetConfig>>
  /** More targets, written as axes and their values. At most 256. */
  readonly matrix?: MatrixConfig
  /** Programs that run beside the tests, by name; started in this order before a run, and stopped after it. */
  readonly services?: Readonly<Record<string, ServiceConfig>>
  /**
   * What is written of a run: a format, a format in a file of its own, or a module of yours. Default: all formats, the
   * list on the terminal and the others in the run's folder.
   */
  readonly reporters?: readonly (ReportName | ReportFileConfig | ReportModuleConfig)[]
}

/** A program that runs beside the tests. It stays in the foreground; ending before it is stopped fails the run. */
export interface ServiceConfig {
  /** Program and arguments; no shell reads them. */
  readonly command: readonly [string, ...string[]]
  /**
   * When tests may begin: `url` answers with a status from 200 to 403, 127.0.0.1 accepts at `port`, or the program has
   * said a `line` that holds the text or matches. Default: at once.
   */
  readonly ready?: { readonly url: string } | { readonly port: number } | { readonly line: string | RegExp }
  /** Default 60. */
  readonly readyTimeoutSeconds?: number
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Default: the config's folder. */
  readonly cwd?: string
}

/** `list` is what a terminal shows; the others are files. */
export type ReportName = 'list' | 'tap' | 'junit' | 'json' | 'ctrf' | 'markdown' | 'github' | 'html'

export interface ReportFileConfig {
  readonly format: ReportName
  readonly file: string
}

export interface ReportModuleConfig {
  /** Its default export is a `ReporterFactory`. */
  readonly module: string
  /** Handed to the factory as they are. */
  readonly options?: unknown
}

/** A reporter of your own: told every event as it happens. What goes wrong in it is told and never reaches the run. */
export interface CustomReporter {
  onEvent?(event: SignalboxEvent): void
  /** Called once when the run is over. */
  end?(): Promise<void> | void
}

/** Makes a reporter for one run; `runFolder` is where the results are. */
export type ReporterFactory = (context: {
  readonly runFolder: string
  readonly options: unknown
}) => CustomReporter | Promise<CustomReporter>

/**
 * Types a config; returns it as it is.
 *
 * ```ts
 * export default defineConfig({
 *   tests: ['./os-tests'],
 *   retries: 1,
 *   targets: {
 *     'qemu-uefi': { firmware: 'uefi' },
 *     'qemu-direct': { firmware: 'direct', excludeTags: ['bootloader'] },
 *   },
 * })
 * ```
 */
export function defineConfig(config: SignalboxConfig): SignalboxConfig {
  return config
}
