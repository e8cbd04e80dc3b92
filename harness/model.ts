// The words of design.md as data: images, targets, tests, attempts, verdicts. Plain, readonly, JSON-safe.

export type Architecture = 'x86_64' | 'arm64' | 'riscv64'
export type Firmware = 'direct' | 'bios' | 'uefi' | 'uefi-secure'
export type DistroName = 'reference' | 'flatcar' | 'fcos'

/**
 * How a machine began: it was booted; in the initrd of its first boot, as a clone that had read no config yet; or forked from a
 * template, so that its console and journal begin with those of the template.
 */
export type MachineOrigin = 'cold' | 'initrd' | 'fork'

/**
 * Who an image is. `digest` is `sha256:<hex>` of what is booted, `sha256:` alone where only the platform has that; the rest comes from
 * its metadata or os-release.
 */
export interface ImageIdentity {
  readonly digest: string
  readonly distro: DistroName
  readonly version: string
  readonly channel: string
  readonly architecture: Architecture
  readonly buildId?: string
}

/** A bootable image. Paths are absolute; nothing ever writes to them. */
export interface Image {
  readonly identity: ImageIdentity
  /** On this host; undefined where the platform has the image itself, or its machines are installed already. */
  readonly disk?: { readonly path: string; readonly format: 'raw' | 'qcow2' }
  /** For `firmware: 'direct'`: kernel, initrd and arguments; `firstBootArguments` are added on the first boot only. */
  readonly direct?: {
    readonly kernel: string
    readonly initrd: string
    readonly arguments: string
    readonly firstBootArguments: string
  }
  /** The UKI that its boot loader starts, where it is there as a file: what is booted from other media than its disk. */
  readonly unifiedKernel?: { readonly path: string; readonly firstBootArguments: string }
  /** Bytes of a disk's sectors with which all that is on it can be used; undefined: 512 alone. */
  readonly sectorSizes?: readonly number[]
  /** PEM certificate that Secure Boot must trust to boot it; undefined: the vendors' whom firmware trusts by itself. */
  readonly certificate?: string
  /** Firmwares that can boot this image, the preferred one first. */
  readonly firmwares: readonly Firmware[]
  /** What it brings beside the OS itself, as tests ask for it (`etcd`); undefined where nobody knows. */
  readonly features?: readonly string[]
}

/** An image whose disk is on this host. */
export type DiskImage = Image & { readonly disk: NonNullable<Image['disk']> }

/** One file of an update payload. */
export interface PayloadFile {
  /** As the update client asks for it; no path. */
  readonly name: string
  /** Absolute, on this host. */
  readonly path: string
}

/** A version of an OS in the form that its update client takes: what an update server offers. */
export interface UpdatePayload {
  readonly distro: DistroName
  readonly version: string
  readonly files: readonly PayloadFile[]
  /** The same version as a disk image, where there is one. */
  readonly image?: Image
}

/** One cell of the matrix. */
export interface Target {
  /** As shown and selected: `qemu-x86_64-direct`. */
  readonly name: string
  readonly platform: string
  readonly architecture: Architecture
  readonly firmware: Firmware
  readonly channel: string
  readonly distro: DistroName
  readonly version: string
  /**
   * What else tells it from the other cells of its matrix, by the key of its option: `tpm: on`, `flavour: services`. Absent: nothing.
   */
  readonly axes?: Readonly<Record<string, string>>
}

/** Of one attempt. */
export type Outcome = 'passed' | 'failed' | 'skipped' | 'infra' | 'harness'

/**
 * Of one test over all its attempts. A harness failure counts as `infra`: it says nothing about the image. `warned`: it
 * failed, and a known failure says so.
 */
export type Verdict = 'passed' | 'flaky' | 'warned' | 'failed' | 'infra' | 'skipped' | 'missing'

/** What a known failure does to a test: it is not run; its failure is a warning; and if it passes, that is a failure. */
export type KnownFailureMode = 'skip' | 'warn' | 'must-fail'

/** The entry of a known-failures file that is in force for a test. */
export interface KnownFailure {
  readonly mode: KnownFailureMode
  readonly pattern: string
  readonly reason?: string
  /** Where the bug is tracked, usually an address. */
  readonly tracker?: string
  /** From then on it has no effect; ISO 8601. */
  readonly expires?: string
  /** `file:line`, as the file was given. */
  readonly source: string
}

/** The phases of one attempt, in order (design.md, "The way of one test"). */
export type Phase = 'acquire' | 'ready' | 'body' | 'collect' | 'checks' | 'teardown'

export interface SourceLocation {
  /** Posix path, relative to the working directory where possible. */
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Why an attempt is not green. All text may come from a guest: hostile, to be escaped by whoever shows it. */
export interface Failure {
  readonly phase: Phase
  readonly kind: 'assertion' | 'check' | 'timeout' | 'machine' | 'infra' | 'error'
  /** Stable code: `console.kernel-panic`, `ssh-timeout`, `expect.toHaveFile`. */
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly location?: SourceLocation
  /** A few source lines around `location`, the failing one marked. */
  readonly frame?: string
  readonly stack?: string
  readonly machine?: string
  /** Last console lines, the unit's journal tail, ...: what a person wants to see first. */
  readonly evidence?: readonly string[]
  /** A soft assertion: the test went on after it. */
  readonly soft?: boolean
}

/** One planned cell of the expected set. */
export interface PlannedTest {
  /** Globally unique dotted name: `ignition.files.remote`. */
  readonly test: string
  readonly description?: string
  readonly location: SourceLocation
  readonly tags: readonly string[]
  readonly aliases: readonly string[]
  /** `skip` carries the reason the target, a tag or a denylist gave. */
  readonly expectation: { readonly kind: 'run' } | { readonly kind: 'skip'; readonly reason: string }
  /** Tests with the same group share one cold boot; absent when the test has its own machines. */
  readonly group?: string
  readonly knownFailure?: KnownFailure
}

/** Counts by verdict, every verdict present. */
export type VerdictCounts = Readonly<Record<Verdict, number>>
