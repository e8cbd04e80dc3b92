// The seam's upper half: what a platform is before it is opened, what can be set for it, and what its runs may have left. What it
// gives once opened is in machine.ts.

import type { Emit } from './events.ts'
import type { MachineLogin, PlatformSession } from './machine.ts'
import type { Architecture, Firmware, Image } from './model.ts'

/**
 * What a platform can do, for whoever chooses one, and for the contract suite, which holds it to that:
 * `user-data` delivers configs; `console` shows the serial console; `power` cuts and switches on; `reset`, `pause`; `hot-plug` of disks
 * and cards; `fork`, `save`, `private-network`, `keep` as in the session; `lease` lists, adopts and reaps machines by their tags.
 */
export const capabilities = [
  'user-data',
  'console',
  'power',
  'reset',
  'pause',
  'hot-plug',
  'fork',
  'save',
  'private-network',
  'keep',
  'lease',
] as const

export type Capability = (typeof capabilities)[number]

/** One thing that outlives the process which made it, found again by its tags alone. Text is hostile. */
export interface Lease {
  /** `machine`, or what else a platform makes for its machines. */
  readonly kind: string
  readonly id: string
  /** The run that made it. */
  readonly run: string
  /** Where it is: a region, a host. */
  readonly place: string
  readonly createdAtMs: number
  /** When it is of no more use to anybody, whatever became of its run. */
  readonly expiresAtMs: number
}

export interface Leases {
  /** All that is there and carries our tags, of whatever run and host, what must go first in front. */
  list(signal: AbortSignal): Promise<readonly Lease[]>
  /** Runs of this host whose process is gone: nobody will come back for what they left. */
  deadRuns(): ReadonlySet<string>
  /** Removes these, in this order; one that is gone already is no error. What could not be removed comes back, with the reason. */
  reap(
    leases: readonly Lease[],
    signal: AbortSignal,
  ): Promise<readonly { readonly lease: Lease; readonly reason: string }[]>
}

/** What was set for a platform, by the names that it declares; values are checked by the platform. */
export type PlatformSettings = ReadonlyMap<string, string>

/** One thing that can be set for a platform: `--set region=eu-west-1`. */
export interface PlatformSetting {
  readonly name: string
  readonly help: string
  /** What it is without being set, for people. */
  readonly default?: string
  /** A variable of the environment that is used where it is not set. */
  readonly env?: string
  /** It may come from `env` alone: a command line is seen by everybody and stands in the record of the run. */
  readonly isSecret?: true
}

/** What a run may use up at most. */
export interface RunLimits {
  /** Machines at the same time. */
  readonly maxMachines?: number
  /** US dollars. */
  readonly maxCost?: number
}

/** What a platform is used with, opened or not. */
export interface PlatformContext {
  readonly settings?: PlatformSettings
  readonly env?: Readonly<Record<string, string | undefined>>
}

export interface OpenOptions extends PlatformContext {
  readonly image: Image
  readonly emit: Emit
  readonly signal: AbortSignal
  /** The id of the run, for tags. */
  readonly run?: string
  readonly limits?: RunLimits
  /** How the harness logs in: the user of the distro profile, and the harness's key, for a platform that delivers or tries it itself. */
  readonly login?: Required<Pick<MachineLogin, 'user' | 'key'>>
}

/** What decides whether a host can have a machine at all; what is undefined may be anything. */
export interface MachineKind {
  readonly architecture?: Architecture
  readonly firmware?: Firmware
  readonly tpm: boolean
}

/** Where machines come from. */
export interface Platform {
  readonly name: string
  /** For people, one line. */
  readonly title: string
  /** Architectures and firmwares it could ever give; selection uses this before anything is opened. */
  readonly architectures: readonly Architecture[]
  readonly firmwares: readonly Firmware[]
  /** What it could ever do. */
  readonly capabilities: readonly Capability[]
  /** Whether it boots the disk of an image, or may do with what it has itself: then an image may come without one. Default `disk`. */
  readonly images?: 'disk' | 'own'
  readonly settings?: readonly PlatformSetting[]
  /** What is missing on this host to use it, each with what to do; empty: nothing. Starts and changes nothing. */
  missing(context: PlatformContext, signal: AbortSignal): Promise<readonly string[]>
  /**
   * Why no machine of this kind can be had on this host, whatever the image; each reason as `needs <what>; <what there is>`. Looks at
   * files only. Default: nothing is known to lack.
   */
  lacks?(kind: MachineKind): readonly string[]
  /** Throws UsageError when the image cannot be used on it. */
  open(options: OpenOptions): Promise<PlatformSession>
  /** What its runs have left, where it can `lease`. */
  leases?(context: PlatformContext): Promise<Leases>
}
