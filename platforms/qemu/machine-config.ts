// From a test's machine spec, an image and this host to the driver's config. Pure: every file it names was prepared
// by the caller.

import type { MachineSpec } from '../../harness/machine.ts'
import type { Architecture, DistroName, Firmware, Image } from '../../harness/model.ts'
import {
  cpuModelFor,
  INHERITED_CHANNELS,
  PRIVATE_NETWORK_FD,
  tcgFor,
  type BootConfig,
  type Channels,
  type DiskConfig,
  type MachineConfig,
  type MemoryFile,
} from '../../qemu/index.ts'
import type { Host } from './host.ts'
import { CLONE_KEY, initrdStop } from './initrd-script.ts'
import { privateMac } from './private-networks.ts'
import { startsFromMedia } from './refuse-hardware.ts'
import { firmwareOf } from './refuse.ts'

/** What was prepared for one machine. */
export interface Prepared {
  readonly uuid: string
  readonly disks: readonly DiskConfig[]
  readonly ignitionPath: string | undefined
  /** With what a clone is told in its initrd. */
  readonly clonePath?: string | undefined
  /** An ISO, and what is served by TFTP, when the firmware is to boot from them. */
  readonly cdrom?: string
  readonly networkBoot?: NonNullable<MachineConfig['network']>['boot']
  /** With UEFI. */
  readonly firmwareFiles: { readonly codePath: string; readonly variablesPath: string } | undefined
}

/** What changes from one power cycle to the next. */
export interface PowerCycle {
  readonly firstBoot: boolean
  /** Goes on from a saved state instead of booting. */
  readonly fromState?: boolean
  /** Stops in its initrd, to be saved there. */
  readonly stopsInInitrd?: boolean
  /** Where the guest's RAM lies, when it is or becomes part of a template. */
  readonly memory?: MemoryFile | undefined
  /** The port of the cycle before, to keep it; 0 lets the kernel choose. */
  readonly sshPort: number
  readonly tpmSocket: string | undefined
  /** Where its card on the private network is, with a `privateIndex`. Default `slot`. */
  readonly privateCard?: NonNullable<MachineConfig['privateNetwork']>['card']
  /** A machine that outlives us: QEMU itself writes its console here, and restarts it without our help. */
  readonly detachedConsole?: string | undefined
}

/** The fw_cfg file in which each distro's Ignition looks for its config. */
export const IGNITION_KEY: Readonly<Record<DistroName, string>> = {
  reference: 'opt/com.coreos/config',
  fcos: 'opt/com.coreos/config',
  flatcar: 'opt/org.flatcar-linux/config',
}

/** The machine's config for one power cycle. */
export function toMachineConfig(
  spec: MachineSpec,
  image: Image,
  host: Host,
  prepared: Prepared,
  cycle: PowerCycle,
): MachineConfig {
  const { accelerator } = host.accelerator
  const boot = bootOf(spec, image, prepared, cycle)
  const { ignitionPath, clonePath, cdrom, networkBoot } = prepared
  const hasSmbios = readsSmbios(spec.architecture, boot.firmware)
  return {
    name: spec.name,
    uuid: prepared.uuid,
    binary: host.emulator.path,
    architecture: spec.architecture,
    accelerator: accelerator === 'kvm' ? { kind: 'kvm' } : tcgFor(spec.architecture, process.arch),
    cpuModel: cpuModelFor(spec.architecture, accelerator),
    memoryMiB: spec.memoryMiB,
    ...(cycle.memory === undefined ? {} : { memoryFile: cycle.memory }),
    start: cycle.fromState === true ? 'incoming' : 'boot',
    cpus: spec.cpus,
    boot,
    disks: prepared.disks,
    ...(spec.bootOrder === undefined ? {} : { bootOrder: spec.bootOrder }),
    ...(cdrom === undefined ? {} : { cdrom }),
    ...(spec.numaNodes === undefined ? {} : { numaNodes: spec.numaNodes }),
    fwCfg: [
      ...(ignitionPath === undefined
        ? []
        : [{ name: IGNITION_KEY[image.identity.distro], path: ignitionPath }]),
      ...(clonePath === undefined ? [] : [{ name: CLONE_KEY, path: clonePath }]),
      ...(hasSmbios || spec.hostName === undefined
        ? []
        : [{ name: 'opt/io.systemd.credentials/system.hostname', text: spec.hostName }]),
    ],
    oemStrings: [
      ...(boot.firmware === 'direct' ? [] : stubArguments(argumentsOf(spec, image))),
      // systemd.system-credentials(7): a transient host name, below /etc/hostname. Other systems pass it over.
      ...(hasSmbios && spec.hostName !== undefined
        ? [`io.systemd.credential:system.hostname=${spec.hostName}`]
        : []),
      ...(cycle.stopsInInitrd === true ? initrdStop() : []),
    ],
    network: {
      sshPort: cycle.sshPort,
      ipv6: false,
      ...(networkBoot === undefined ? {} : { boot: networkBoot }),
    },
    ...(spec.privateIndex === undefined ? {} : { privateNetwork: privateCard(spec.privateIndex, cycle) }),
    ...(cycle.tpmSocket === undefined ? {} : { tpmSocket: cycle.tpmSocket }),
    // The first-boot arguments last as long as the process: a guest that reboots needs a new one without them.
    onReboot: hasFirstBootArguments(boot.firmware, image, cycle) ? 'exit' : 'restart',
    channels: channelsOf(cycle),
  }
}

/** Whether the guest's kernel finds the SMBIOS tables: on arm64 and riscv64 only UEFI tells it where they are. */
export function readsSmbios(architecture: Architecture, firmware: Firmware): boolean {
  return architecture === 'x86_64' || firmware !== 'direct'
}

function privateCard(
  index: number,
  { privateCard: card = 'slot' }: PowerCycle,
): MachineConfig['privateNetwork'] & object {
  return { fd: PRIVATE_NETWORK_FD, mac: privateMac(index), card }
}

/** Whether this cycle's command line may only be booted once. */
export function hasFirstBootArguments(firmware: string, image: Image, cycle: PowerCycle): boolean {
  if (cycle.detachedConsole !== undefined) return false
  return firmware === 'direct' && cycle.firstBoot && (image.direct?.firstBootArguments ?? '') !== ''
}

function channelsOf({ detachedConsole }: PowerCycle): Channels {
  if (detachedConsole === undefined) return INHERITED_CHANNELS
  return { ...INHERITED_CHANNELS, console: { kind: 'inherited', fd: 4, logFile: detachedConsole } }
}

function bootOf(spec: MachineSpec, image: Image, prepared: Prepared, cycle: PowerCycle): BootConfig {
  const firmware = firmwareOf(spec, image)
  switch (firmware) {
    case 'bios':
      return { firmware }
    case 'uefi':
    case 'uefi-secure': {
      if (prepared.firmwareFiles === undefined) throw new Error('UEFI was not prepared')
      return { firmware, ...prepared.firmwareFiles }
    }
    case 'direct': {
      const { direct } = image
      if (direct === undefined) throw new Error('the image has no kernel')
      const commandLine = [
        direct.arguments,
        cycle.firstBoot ? direct.firstBootArguments : '',
        ...(spec.kernelArguments ?? []),
      ]
      return {
        firmware,
        kernel: direct.kernel,
        initrd: direct.initrd,
        commandLine: commandLine.filter((part) => part !== '').join(' '),
      }
    }
    default:
      return firmware satisfies never
  }
}

// What the image's boot loader adds on its disk, nobody adds elsewhere.
function argumentsOf({ bootOrder = [], kernelArguments = [] }: MachineSpec, image: Image): readonly string[] {
  const added = startsFromMedia(bootOrder) ? (image.unifiedKernel?.firstBootArguments ?? '') : ''
  return [...(added === '' ? [] : [added]), ...kernelArguments]
}

function stubArguments(kernelArguments: readonly string[]): readonly string[] {
  if (kernelArguments.length === 0) return []
  return [`io.systemd.stub.kernel-cmdline-extra=${kernelArguments.join(' ')}`]
}
