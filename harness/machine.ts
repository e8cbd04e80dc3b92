// The seam between the harness and the platforms: what a platform is, and what a machine is below SSH.
// The harness knows only these interfaces; `platforms/contract` is the suite that every implementation must pass.

import type { DiskAttachment, DiskFaults, DiskSpec } from './disk-spec.ts'
import type { LedgerEntry } from './ledger.ts'
import type { Architecture, Firmware, Image, MachineOrigin } from './model.ts'
import type { Capability } from './platform.ts'

export type { DiskAttachment, DiskBus, DiskFaults, DiskSpec } from './disk-spec.ts'
export type {
  Capability,
  Lease,
  Leases,
  OpenOptions,
  Platform,
  PlatformContext,
  PlatformSetting,
  PlatformSettings,
  RunLimits,
} from './platform.ts'

/** What a test needs of one machine, as data. */
export interface MachineSpec {
  /** Name within its cluster: `m0`, `m1`; part of paths. */
  readonly name: string
  /** The host name it gets where its config sets none; for people, and unique. Not part of what the machine is. */
  readonly hostName?: string
  readonly architecture: Architecture
  readonly memoryMiB: number
  readonly cpus: number
  /** Undefined: the image's preferred firmware. */
  readonly firmware?: Firmware
  readonly tpm: boolean
  /** Its place on the private network of its cluster, from 0; undefined: it is on none. */
  readonly privateIndex?: number
  /** Extra disks, besides the primary one. */
  readonly disks: readonly DiskSpec[]
  /** Size the primary disk is grown to, MiB; undefined: the platform's default (at least the image's size). */
  readonly primaryDiskMiB?: number
  /** How the primary disk is attached; its sectors are those that the image was made for unless the platform can convert it. */
  readonly primaryDisk?: DiskAttachment
  /**
   * What the firmware tries, in this order and nothing else: serials of disks (`primary-disk`), `network` and `cdrom`, which hold
   * the image's kernel. Undefined: the primary disk.
   */
  readonly bootOrder?: readonly string[]
  /** NUMA nodes among which memory and processors are divided; undefined: one. */
  readonly numaNodes?: number
  /** The final, wrapped Ignition config (JSON text), delivered the image's way; undefined delivers none. */
  readonly ignition?: string
  readonly kernelArguments?: readonly string[]
  /** Another image than the session's, of the same OS and architecture; booted, never forked. */
  readonly image?: Image
  /** What a kernel panic that the guest reports does: end the machine (default), or nothing, so that it can reboot. */
  readonly onPanic?: 'stop' | 'run'
  /** The config is more than what every machine of the harness gets: a platform that delivers none must refuse it. */
  readonly hasOwnConfig?: boolean
}

export interface CreateOptions {
  /** Absolute folder for what the platform writes about this machine; `console.txt` goes there. It exists. */
  readonly folder: string
  readonly signal: AbortSignal
  /** The machine outlives this process; only `gc --all` ends it. Its console goes to the file alone. Default false. */
  readonly detach?: boolean
  /** The network of its cluster; required when the spec has a `privateIndex`. */
  readonly network?: PrivateNetwork | undefined
  /** `keep` will be asked of it, perhaps: it is not tied to this process's life more than the ledger ties it. Default false. */
  readonly keepable?: boolean
  /**
   * The machine may begin in the initrd of its first boot, as a clone of one with the same hardware that was saved before it read
   * its config; a platform that cannot do that boots it. Default false.
   */
  readonly mayBeginInInitrd?: boolean
  /** A fork waits, loaded but not running, for `power('resume')`. Default false. */
  readonly paused?: boolean
  /**
   * The place on `network` of a fork whose template is on none: its card is plugged in before it runs on, and is there after
   * every power-on; whoever adopts it tells the guest its addresses. Default: the template's place.
   */
  readonly privateIndex?: number
  /** The host name that a fork gets when it boots anew; default: its template's. */
  readonly hostName?: string
}

/** What NTP announces for the end of the day: nothing, a second more, a second less; or that it does not know the time. */
export type LeapWarning = 'none' | 'insert' | 'delete' | 'unsynchronised'

/** One answered request for the time. */
export interface TimeRequest {
  /** The machine's name in its cluster; its address when it is no machine's. */
  readonly from: string
  /** How far the time that it got was from the host's. */
  readonly offsetMs: number
  readonly leap: LeapWarning
}

/** The NTP server of a private network. It gives out this host's time until it is set. */
export interface NetworkClock {
  /** What was asked so far, in order; the last 10,000. */
  readonly requests: readonly TimeRequest[]
  /** Changes what is answered from now on; what is not given is 0 and `none`. Throws UsageError for what is neither. */
  set(time: { readonly offsetMs?: number; readonly leap?: LeapWarning }): void
}

/**
 * An Ethernet segment that only the machines of one cluster are on, and a host of the network itself, called `services`:
 * it answers pings, serves DNS for the machines' names (`m0`, `m0.<domain>`, and their addresses backwards) and NTP.
 * Faults belong to names, outlast power cycles, and throw UsageError for a name that never was on it. Disposing unplugs all.
 */
export interface PrivateNetwork extends Disposable {
  /** The domain of the machines' names; they search in it. */
  readonly domain: string
  /** The addresses of the network's own host. */
  readonly services: { readonly ipv4: string; readonly ipv6: string }
  readonly clock: NetworkClock
  /** Stops all frames from and to one machine, by name; its link stays up. */
  cut(name: string): void
  /** Undoes `cut`, `delay` and `loss` for one machine; without a name, those of all and the partition. */
  heal(name?: string): void
  /**
   * Lets frames pass within each group only; machines in no group form one more together. The network's own host is in
   * every group unless it is named.
   */
  partition(groups: readonly (readonly string[])[]): void
  /** Frames from the machine, and frames to it, take so much longer, up to `jitterMs` more or less; their order stays. */
  delay(name: string, ms: number, jitterMs?: number): void
  /** Loses this share (0 to 1) of the frames from the machine, and of those to it. */
  loss(name: string, share: number): void
}

/** Private networks, where a platform has them. */
export interface PrivateNetworks {
  /** A network for so many machines, `m0` and so on; one that is created at a later place joins them. */
  open(machines: number): PrivateNetwork
  /** The addresses of place `index`, and the file that gives them to a guest with systemd-networkd. */
  place(index: number): {
    readonly ipv4: string
    readonly ipv6: string
    readonly file: { readonly path: string; readonly text: string; readonly mode: number }
  }
}

/** Where SSH can be dialled now. */
export interface SshEndpoint {
  readonly host: string
  readonly port: number
}

/** How to log in on a machine that does not take the harness's key for the user of its distro profile. */
export interface MachineLogin {
  readonly user?: string
  /** OpenSSH PEM and, where it lies in a file, its path. Never log it. */
  readonly key?: { readonly privateKey: string; readonly publicKey: string; readonly path?: string }
  /** Never log it. */
  readonly password?: string
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

/** A line to the harness's agent in the guest (see harness/agent), beside the guest's network. */
export interface AgentPort {
  /** What the agent says, a line at a time; hostile like everything from a guest. */
  readonly lines: LineFeed
  /** Sends a line; it is dropped when the machine is off. */
  send(line: string): void
}

/** The raw serial line, both ways, for a person at a terminal. */
export interface SerialLine {
  /** Calls for each chunk from now on, until the returned function is called. Hostile bytes. */
  listen(onBytes: (bytes: Uint8Array) => void): () => void
  /** Types; dropped when the machine is off. */
  send(bytes: Uint8Array): void
}

/**
 * What can be plugged into a running machine and pulled out of it. Each throws UsageError for what cannot be had, with what
 * there is. Not in a checkpoint; plugged in again when the machine is switched on again.
 */
export interface MachineHardware {
  /** Plugs an empty disk in; the guest finds it a moment later. */
  addDisk(disk: DiskSpec, signal: AbortSignal): Promise<void>
  /**
   * Pulls a disk that was added, without a word before: whatever is written from then on fails. Resolves when the guest has let
   * go of it; throws MachineError `device-not-released` when it does not.
   */
  pullDisk(serial: string, signal: AbortSignal): Promise<void>
  /** A disk that was added fails from now on, as one that wears out, or is mended; it is there all the while, and stays so. */
  setDiskFaults(serial: string, faults: DiskFaults, signal: AbortSignal): Promise<void>
  /** Takes away one path, counted from 0, to a disk that has several, without a word before, or gives it back. */
  setDiskPath(serial: string, path: number, state: LinkState, signal: AbortSignal): Promise<void>
  /** Plugs a network card in, with a network of its own that leads nowhere but has DHCP. */
  addNic(name: string, signal: AbortSignal): Promise<void>
  /** Pulls a card that was added, as `pullDisk`. */
  pullNic(name: string, signal: AbortSignal): Promise<void>
  /** Cuts the link of a card, or mends it: `primary` (SSH goes over it), `private` (the cluster's), or one that was added. */
  setLink(nic: string, state: LinkState, signal: AbortSignal): Promise<void>
}

export type LinkState = 'up' | 'down'

/** A moment of a machine, kept until it is disposed or the machine is destroyed. */
export type Checkpoint = AsyncDisposable

/** A machine as its platform sees it, below SSH. Disposing destroys it; that is idempotent and has its own budget. */
export interface PlatformMachine extends AsyncDisposable {
  /** Globally unique. */
  readonly id: string
  readonly name: string
  readonly facts: Readonly<Record<string, string | number>>
  readonly origin: MachineOrigin
  /** Undefined: the harness's key, and the user of the distro profile. */
  readonly login?: MachineLogin
  /** The serial console; also kept whole (up to the platform's size limit) in `<folder>/console.txt`. */
  readonly console: LineFeed
  /** Lines of `journalctl -o json` over a side channel, where the platform has one (see `journalDevice`). */
  readonly journal?: LineFeed
  /** Where the platform has one (see `agentDevice`). */
  readonly agent?: AgentPort
  /** The serial console for a person, where one can type there. */
  readonly serial?: SerialLine
  /** The other way round: programs in the guest call the harness, where the platform has such a line (see `callsDevice`). */
  readonly calls?: AgentPort
  readonly hardware?: MachineHardware
  /** Settles once, when the machine is gone for whatever reason. Never rejects. After `on` it is a new promise. */
  readonly exited: Promise<MachineExit>
  /** Where SSH answers or will answer. May change over a power cycle. */
  ssh(signal: AbortSignal): Promise<SshEndpoint>
  power(action: PowerAction, signal: AbortSignal): Promise<void>
  /** Memory that only this machine uses now, measured; undefined where that cannot be told. */
  privateMemoryMiB?(): number | undefined
  /**
   * Milliseconds of the host's CPU that the machine has had since it was powered on, and that it waited for it; undefined where that
   * cannot be told.
   */
  cpuTime?(): { readonly ranMs: number; readonly waitedMs: number } | undefined
  /** Saves memory, devices and disks as they are now; the machine goes on. Throws UsageError where it cannot be had. */
  checkpoint?(signal: AbortSignal): Promise<Checkpoint>
  /**
   * Lets the running machine outlive this process, which then has no more to do with it: its console goes on in
   * `console.txt`, only `gc --all` ends it. `notes` are written into the ledger, beside what the platform adds to reach it.
   * Only of a machine that was created `keepable`; disposing it afterwards does nothing to it.
   */
  keep?(notes: LedgerEntry['data'], signal: AbortSignal): Promise<void>
  /** Goes back to a checkpoint of this machine. Network connections that left the machine are gone. */
  restore?(checkpoint: Checkpoint, signal: AbortSignal): Promise<void>
}

/** What is written down with a template for whoever forks it; never secrets. */
export type TemplateNotes = Readonly<Record<string, string | number | readonly string[]>>

/** Booted, settled machines, saved at one instant: clones of them start where they were. */
export interface Template {
  /** Short, for people and events. */
  readonly id: string
  readonly notes: TemplateNotes
  /** Starts a clone of machine `index`; it runs on from the moment of saving and still has the template's identity. */
  fork(index: number, name: string, options: CreateOptions): Promise<PlatformMachine>
  /** Why clones of it cannot be trusted, or undefined: its files are not as they were saved. Reads all once. */
  damage(signal: AbortSignal): Promise<string | undefined>
}

/** The right to make a template, held by one process on the host at a time. Disposing gives it back. */
export interface TemplateDraft extends AsyncDisposable {
  /** Boots machine `index`, which is to be saved. */
  create(index: number, options: CreateOptions): Promise<PlatformMachine>
  /** Saves all those machines, in order, which ends them. Throws InfraError when the host has no room. */
  save(machines: readonly PlatformMachine[], notes: TemplateNotes, signal: AbortSignal): Promise<Template>
  /** Remembers that no template can be made of this, and why. */
  refuse(reason: string): Promise<void>
}

export type TemplateClaim =
  | { readonly kind: 'template'; readonly template: Template }
  | { readonly kind: 'draft'; readonly draft: TemplateDraft }
  | { readonly kind: 'none'; readonly reason: string }

/** What `Forks.claim` would find now: a template; a reason why there is none and never will be; or nothing yet, with its future id. */
export type TemplateOutlook =
  | { readonly kind: 'template'; readonly id: string }
  | { readonly kind: 'none'; readonly reason: string }
  | { readonly kind: 'absent'; readonly id: string }

/** Forks of booted machines, where a platform has them. */
export interface Forks {
  /** Why no machine of this spec can be forked here, or undefined. Pure. */
  refuses(spec: MachineSpec): string | undefined
  /**
   * Finds the template of these machines, waits for another process that makes it, or gives the right to make it.
   * `preparation` names what is done to them before they are saved, beyond booting.
   */
  claim(specs: readonly MachineSpec[], preparation: string, signal: AbortSignal): Promise<TemplateClaim>
  /** Looks for the template that `claim` would find; makes, holds and changes nothing, and waits for nobody. */
  look(specs: readonly MachineSpec[], preparation: string): Promise<TemplateOutlook>
}

/** A saved machine, as data: what its platform needs beside the files. Holds the machine's config, and so its secrets. */
export interface SavedMachine {
  readonly spec: MachineSpec
  /** For the platform that wrote them, and for people. */
  readonly facts: Readonly<Record<string, string | number>>
}

/** A machine that is to be saved, and its own folder: private, empty. */
export interface SaveOrder {
  readonly machine: PlatformMachine
  readonly folder: string
}

/** Running machines kept in files, to be brought up again as they were, any number of times; where a platform has that. */
export interface SavedMachines {
  /** Bytes that saving these takes at the most, about. */
  estimate(machines: readonly PlatformMachine[]): Promise<number>
  /**
   * Saves machines that belong together at one instant; they go on afterwards, whether this succeeds or not. What was written
   * is the caller's. Throws UsageError (`not-savable`) for a machine that cannot be saved, InfraError when the host fails.
   */
  save(orders: readonly SaveOrder[], signal: AbortSignal): Promise<readonly SavedMachine[]>
  /** Why that machine cannot be brought up on this host, or undefined. */
  refuses(saved: SavedMachine): string | undefined
  /** Brings a machine up; it runs on from the moment of saving, and what it writes is not written to `folder`. */
  resume(saved: SavedMachine, folder: string, options: CreateOptions): Promise<PlatformMachine>
}

/** An opened platform: holds what all machines of a run share. Disposing releases it and every machine left. */
export interface PlatformSession extends AsyncDisposable {
  /** What this platform can hold at once, measured: the scheduler's budget. */
  readonly budget: { readonly memoryMiB: number; readonly cpus: number }
  /** The address at which machines reach servers that listen on this host's 127.0.0.1, e.g. `10.0.2.2`. */
  readonly hostAddress?: string
  /** The character device in the guest whose lines appear in `PlatformMachine.journal`. */
  readonly journalDevice?: string
  /** The character device in the guest that leads to `PlatformMachine.agent`. */
  readonly agentDevice?: string
  /** The character device in the guest that leads to `PlatformMachine.calls`; one process may have it open at a time. */
  readonly callsDevice?: string
  readonly forks?: Forks
  readonly saves?: SavedMachines
  readonly privateNetworks?: PrivateNetworks
  /** What it can do as it was opened: at most what the platform could. */
  readonly capabilities: ReadonlySet<Capability>
  /** Most bytes of a config that reach a machine; undefined: no limit is known. `refuses` says it of a bigger one. */
  readonly userDataLimit?: number
  /** Facts for the run record: versions, accelerator. */
  readonly facts: Readonly<Record<string, string | number>>
  /** How much slower than a KVM host this one runs guests; multiplies boot timeouts. 1 with KVM. */
  readonly slowness: number
  /** Whether the host has room for so much more memory now; a delay in milliseconds says when to ask again. */
  mayAdmit?(memoryMiB: number): true | { readonly retryAfterMs: number }
  /**
   * What of this spec cannot be had here: all of it, each as `needs <what was asked>; <the most, or the ones, there are>`.
   * Empty when it can be had.
   */
  refuses(spec: MachineSpec): readonly string[]
  /** Creates and starts a machine; a failed or aborted call leaves nothing behind. Throws InfraError or MachineError. */
  create(spec: MachineSpec, options: CreateOptions): Promise<PlatformMachine>
  /**
   * Takes over a machine that is there already, by the id of its lease; from then on it is this session's, and ends with it. Throws
   * UsageError for one that is not there. Where the platform can `lease`.
   */
  adopt?(id: string, options: CreateOptions): Promise<PlatformMachine>
  /** What so many machines cost for so long, in US dollars at the most; undefined where that is not known. Machines that cost nothing have none. */
  estimateCost?(spec: MachineSpec, machines: number, durationMs: number): number | undefined
}
