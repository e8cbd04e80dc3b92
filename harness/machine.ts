// The seam between the harness and the platforms: what a platform is, and what a machine is below SSH.
// The harness knows only these interfaces; `platforms/contract` is the suite that every implementation must pass.

import type { Emit } from './events.ts'
import type { Architecture, Firmware, Image } from './model.ts'

/** An extra disk, empty and zeroed. In the guest: `/dev/disk/by-id/virtio-<serial>`. */
export interface DiskSpec {
  readonly serial: string
  readonly sizeMiB: number
}

/** What a test needs of one machine, as data. */
export interface MachineSpec {
  /** Name within its cluster: `m0`, `m1`; part of paths. */
  readonly name: string
  readonly architecture: Architecture
  readonly memoryMiB: number
  readonly cpus: number
  /** Undefined: the image's preferred firmware. */
  readonly firmware?: Firmware
  readonly tpm: boolean
  /** Extra disks, besides the primary one. */
  readonly disks: readonly DiskSpec[]
  /** Size the primary disk is grown to, MiB; undefined: the platform's default (at least the image's size). */
  readonly primaryDiskMiB?: number
  /** The final, wrapped Ignition config (JSON text), delivered the image's way; undefined delivers none. */
  readonly ignition?: string
  readonly kernelArguments?: readonly string[]
  /** What a kernel panic that the guest reports does: end the machine (default), or nothing, so that it can reboot. */
  readonly onPanic?: 'stop' | 'run'
}

export interface CreateOptions {
  /** Absolute folder for what the platform writes about this machine; `console.txt` goes there. It exists. */
  readonly folder: string
  readonly signal: AbortSignal
  /** The machine outlives this process; only `gc --all` ends it. Its console goes to the file alone. Default false. */
  readonly detach?: boolean
}

/** Where SSH can be dialled now. */
export interface SshEndpoint {
  readonly host: string
  readonly port: number
}

/** Why a machine is no longer running. `expected` is true after our own power-off, cut or destroy. */
export interface MachineExit {
  readonly expected: boolean
  readonly reason: string
  /** The image's doing (it powered off, it panicked) or the platform's (QEMU crashed, instance reclaimed). */
  readonly blame: 'image' | 'platform'
}

/** Hard power actions; `cut` is pulling the plug, `on` starts a machine that is off, `reset` is the reset button. */
export type PowerAction = 'cut' | 'on' | 'reset' | 'pause' | 'resume' | 'shutdown'

/** Live text from a machine. Lines are hostile: raw bytes decoded as UTF-8 with replacement, without the newline,
 *  cut at 8 KiB each. A slow subscriber never blocks the machine. */
export interface LineFeed {
  /** Every line from the first on, then live, until the returned function is called. Long histories may be cut. */
  subscribe(onLine: (line: string) => void): () => void
  /** The last `n` lines so far, for error messages. */
  tail(n: number): readonly string[]
  /** Bytes received so far. */
  readonly bytes: number
}

/** A machine as its platform sees it, below SSH. Disposing destroys it; that is idempotent and has its own budget. */
export interface PlatformMachine extends AsyncDisposable {
  /** Globally unique. */
  readonly id: string
  readonly name: string
  readonly facts: Readonly<Record<string, string | number>>
  /** The serial console; also kept whole (up to the platform's size limit) in `<folder>/console.txt`. */
  readonly console: LineFeed
  /** Lines of `journalctl -o json` over a side channel, where the platform has one (see `journalDevice`). */
  readonly journal?: LineFeed
  /** Settles once, when the machine is gone for whatever reason. Never rejects. After `on` it is a new promise. */
  readonly exited: Promise<MachineExit>
  /** Where SSH answers or will answer. May change over a power cycle. */
  ssh(signal: AbortSignal): Promise<SshEndpoint>
  power(action: PowerAction, signal: AbortSignal): Promise<void>
}

/** An opened platform: holds what all machines of a run share. Disposing releases it and every machine left. */
export interface PlatformSession extends AsyncDisposable {
  /** What this platform can hold at once, measured: the scheduler's budget. */
  readonly budget: { readonly memoryMiB: number; readonly cpus: number }
  /** The address at which machines reach servers that listen on this host's 127.0.0.1, e.g. `10.0.2.2`. */
  readonly hostAddress?: string
  /** The character device in the guest whose lines appear in `PlatformMachine.journal`. */
  readonly journalDevice?: string
  /** Facts for the run record: versions, accelerator. */
  readonly facts: Readonly<Record<string, string | number>>
  /** How much slower than a KVM host this one runs guests; multiplies boot timeouts. 1 with KVM. */
  readonly slowness: number
  /** Why this spec cannot be had here, or undefined when it can. */
  refuses(spec: MachineSpec): string | undefined
  /** Creates and starts a machine; a failed or aborted call leaves nothing behind. Throws InfraError or MachineError. */
  create(spec: MachineSpec, options: CreateOptions): Promise<PlatformMachine>
}

export interface OpenOptions {
  readonly image: Image
  readonly emit: Emit
  readonly signal: AbortSignal
}

/** Where machines come from. */
export interface Platform {
  readonly name: string
  /** Architectures and firmwares it could ever give; selection uses this before anything is opened. */
  readonly architectures: readonly Architecture[]
  readonly firmwares: readonly Firmware[]
  /** Throws UsageError when the image cannot be used on it. */
  open(options: OpenOptions): Promise<PlatformSession>
}
