// One QEMU machine as readonly data: what `arguments.ts` turns into a command line. Nothing here touches the host;
// every path is absolute and already exists when the machine is launched.

export type MachineArchitecture = 'x86_64' | 'arm64' | 'riscv64'

/** How guest code runs. `threads: 'multi'` is one host thread a vCPU (MTTCG). */
export type AcceleratorConfig =
  | { readonly kind: 'kvm' }
  | { readonly kind: 'tcg'; readonly threads: 'multi' | 'single'; readonly translationCacheMiB: number }

/** What starts first. `direct` is QEMU's own Linux loader; UEFI takes a shared code file and this machine's variables. */
export type BootConfig =
  | {
      readonly firmware: 'direct'
      readonly kernel: string
      readonly initrd?: string
      readonly commandLine: string
    }
  | { readonly firmware: 'bios' }
  | { readonly firmware: 'uefi' | 'uefi-secure'; readonly codePath: string; readonly variablesPath: string }

/** What a disk is attached to: virtio-blk, an NVMe controller of its own, virtio-scsi, AHCI. */
export type DiskBus = 'virtio' | 'nvme' | 'scsi' | 'sata'

/** A disk. The first one boots, unless a boot order says otherwise. */
export interface DiskConfig {
  readonly path: string
  readonly format: 'qcow2' | 'raw'
  /** At most 20 characters; on virtio `/dev/disk/by-id/virtio-<serial>` in the guest. */
  readonly serial: string
  /** Default `virtio`. */
  readonly bus?: DiskBus
  /** Bytes of a logical and of a physical sector; default 512. Not 4096 on `sata`. */
  readonly sectorSize?: 512 | 4096
  /** Host adapters that lead to it, 1 to 4; more than 1 on `scsi` only. Default 1. */
  readonly paths?: number
}

/** User-mode network with one forward, 127.0.0.1:`sshPort` to the guest's port 22; port 0 lets the kernel choose. */
export interface NetworkConfig {
  readonly sshPort: number
  readonly ipv6: boolean
  /** What DHCP offers to a firmware that boots from the network: a file of a folder that is served by TFTP. */
  readonly boot?: { readonly folder: string; readonly file: string }
}

/**
 * A second network card on the cluster's private Ethernet: QEMU inherits a connected stream socket as `fd`, whose other
 * end a switch reads (`ethernet-switch.ts`). The MAC is part of what is saved and restored.
 */
export interface PrivateNetworkConfig {
  readonly fd: number
  readonly mac: string
  /**
   * Where the card is. `port`: in the spare port that is kept for it. `unplugged`: nowhere yet, for a state that was saved
   * without it; `plugPrivateCard` puts it into that port. Default `slot`: a place of its own.
   */
  readonly card?: 'slot' | 'port' | 'unplugged'
}

/**
 * The host's end of a byte stream: a connected socket that QEMU inherits, or a UNIX socket on which QEMU listens. QEMU
 * itself appends all output to `logFile`, without limit, whether anybody listens or not.
 */
export type ChannelConfig =
  | { readonly kind: 'inherited'; readonly fd: number; readonly logFile?: string }
  | { readonly kind: 'listen'; readonly path: string }

export interface Channels {
  readonly qmp: ChannelConfig
  readonly console: ChannelConfig
  readonly journal: ChannelConfig
  readonly agent: ChannelConfig
  readonly calls: ChannelConfig
}

/**
 * A file that holds the guest's RAM. `write` maps it shared: what the guest writes is in the file, which can so become
 * part of a template. `copy` maps it privately and opens it read-only: the guest's writes stay in this process.
 */
export interface MemoryFile {
  readonly path: string
  readonly mapping: 'write' | 'copy'
}

/** A file of fw_cfg: what lies in `path`, or `text` itself. A name has at most 55 characters. */
export type FwCfgFile =
  | { readonly name: string; readonly path: string }
  | { readonly name: string; readonly text: string }

export interface MachineConfig {
  /** Shown in process lists; letters, digits, `-`, `_` and `.`. */
  readonly name: string
  readonly uuid: string
  /** The QEMU program, absolute or looked up in PATH. */
  readonly binary: string
  readonly architecture: MachineArchitecture
  readonly accelerator: AcceleratorConfig
  readonly cpuModel: string
  readonly memoryMiB: number
  /** Without it the guest's RAM is anonymous memory of the process. */
  readonly memoryFile?: MemoryFile
  /** Boot, or wait for `loadState`: the same arguments otherwise, with the QEMU that saved the state. */
  readonly start: 'boot' | 'incoming'
  readonly cpus: number
  readonly boot: BootConfig
  readonly disks: readonly DiskConfig[]
  /** What the firmware tries, in this order and nothing else: serials of disks, `network`, `cdrom`. Default: the first disk. */
  readonly bootOrder?: readonly string[]
  /** An ISO 9660 file in a SCSI drive. */
  readonly cdrom?: string
  /** Nodes, each a socket, among which memory and processors are divided without rest; default 1. More exclude a `memoryFile`. */
  readonly numaNodes?: number
  /** Files the guest finds under /sys/firmware/qemu_fw_cfg/by_name/<name>/raw. */
  readonly fwCfg: readonly FwCfgFile[]
  /** SMBIOS type 11 (OEM) strings, e.g. `io.systemd.stub.kernel-cmdline-extra=...`. */
  readonly oemStrings: readonly string[]
  readonly network?: NetworkConfig
  /** Needs QEMU 7.2 or newer. `launchMachine` insists on `PRIVATE_NETWORK_FD`. */
  readonly privateNetwork?: PrivateNetworkConfig
  /** Control socket of a running swtpm. */
  readonly tpmSocket?: string
  /** What a guest's reboot does: restart in the same process, or end it. */
  readonly onReboot: 'restart' | 'exit'
  readonly channels: Channels
}

/** The channels of `launchMachine`: five sockets that the child inherits as file descriptors 3 to 7. */
export const INHERITED_CHANNELS: Channels = {
  qmp: { kind: 'inherited', fd: 3 },
  console: { kind: 'inherited', fd: 4 },
  journal: { kind: 'inherited', fd: 5 },
  agent: { kind: 'inherited', fd: 6 },
  calls: { kind: 'inherited', fd: 7 },
}

/** Where a machine that `launchMachine` starts inherits its end of the private network: behind the channels. */
export const PRIVATE_NETWORK_FD = 8

/** Name of the virtio-serial port that carries the guest's journal to the host. */
export const JOURNAL_PORT = 'com.signalbox.journal'

/** Name of the virtio-serial port over which the harness talks to its agent in the guest. */
export const AGENT_PORT = 'com.signalbox.agent'

/** Name of the virtio-serial port on which programs in the guest call the harness. */
export const CALLS_PORT = 'com.signalbox.calls'

/** How many devices can be plugged into a running machine at once. */
export const SPARE_PORTS = 4

/** Serial of the disk the machine boots from. */
export const PRIMARY_DISK_SERIAL = 'primary-disk'
