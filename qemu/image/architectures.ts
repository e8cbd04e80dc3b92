// What the recipe of the reference image says differently for each architecture: names of Debian, of the Discoverable Partitions
// specification and of EFI, the kernel package and its arguments. Everything else is the same for all.

import type { Architecture } from '../../harness/model.ts'
import type { FlavourName } from './flavours.ts'

export interface ImageArchitecture {
  /** As dpkg calls it. */
  readonly debian: string
  /** Node's name of the hosts that run its programs themselves. */
  readonly node: string
  /** As the ELF header and the PE header name the machine (`e_machine`, `Machine`). */
  readonly elfMachine: number
  readonly peMachine: number
  /** QEMU's name, as in `qemu-<name>-static`. */
  readonly qemu: string
  readonly kernelPackage: string
  /** What the kernel is called in `/boot`, before its release; default `vmlinuz`. */
  readonly kernelName?: string
  readonly kernelArguments: readonly string[]
  /** Kernel modules of the initrd beside those of modules.list. */
  readonly initrdModules: readonly string[]
  /** Kernel modules that no machine of ours needs, as folders below `kernel`: what Debian leaves out of its cloud kernels. */
  readonly leftOutModules?: readonly string[]
  /** Flavours that cannot be built, by the package that Debian does not have for the architecture. */
  readonly lackingPackages?: Partial<Readonly<Record<FlavourName, string>>>
  /** The suffix of EFI programs: `linux<suffix>.efi.stub`, `EFI/BOOT/BOOT<SUFFIX>.EFI`. */
  readonly efi: string
  /** GPT types of the Discoverable Partitions specification, which has one set for each architecture. */
  readonly partitionTypes: { readonly usr: string; readonly usrVerity: string; readonly root: string }
  /** Where its programs find their loader and libraries, below the root of a tree. */
  readonly loader: string
  readonly libraries: string
  /** Links of ROOT beside bin, sbin and lib. */
  readonly rootLinks: Readonly<Record<string, string>>
}

export const imageArchitectures: Readonly<Record<Architecture, ImageArchitecture>> = {
  x86_64: {
    debian: 'amd64',
    node: 'x64',
    elfMachine: 62,
    peMachine: 0x8664,
    qemu: 'x86_64',
    kernelPackage: 'linux-image-cloud-amd64',
    kernelArguments: [
      // The emulated TSC is good; HPET reads leave the fast path.
      'tsc=reliable',
      'no_timer_check',
      'cryptomgr.notests',
      // One serial port, not 32 that udev would look at twice.
      '8250.nr_uarts=1',
      'console=ttyS0',
      // No escape codes on the console, and no waiting for a terminal that never answers their questions.
      'systemd.tty.term.console=dumb',
      'systemd.tty.term.ttyS0=dumb',
    ],
    initrdModules: [],
    efi: 'x64',
    partitionTypes: {
      usr: '8484680c-9521-48c6-9c11-b0720656f69e',
      usrVerity: '77ff5f63-e7b6-4633-acf4-1565b864c0e6',
      root: '4f68bce3-e8cd-4db1-96e7-fbcaf984b709',
    },
    loader: 'lib64/ld-linux-x86-64.so.2',
    libraries: 'usr/lib/x86_64-linux-gnu',
    rootLinks: { lib64: 'usr/lib64' },
  },
  arm64: {
    debian: 'arm64',
    node: 'arm64',
    elfMachine: 183,
    peMachine: 0xaa64,
    qemu: 'aarch64',
    kernelPackage: 'linux-image-cloud-arm64',
    kernelArguments: [
      'cryptomgr.notests',
      // The processor's own SHA-256, there before dm-verity looks for one; as programs of C it costs an emulated boot the more.
      'rd.modules_load=sha2-ce',
      'console=ttyAMA0',
      'systemd.tty.term.console=dumb',
      'systemd.tty.term.ttyAMA0=dumb',
    ],
    initrdModules: ['sha2-ce'],
    efi: 'aa64',
    partitionTypes: {
      usr: 'b0e01050-ee5f-4390-949a-9101b17104e9',
      usrVerity: '6e11a4e7-fbca-4ded-b9e9-e1a512bb664e',
      root: 'b921b045-1df0-41c3-af44-4c6f280d3fae',
    },
    loader: 'usr/lib/ld-linux-aarch64.so.1',
    libraries: 'usr/lib/aarch64-linux-gnu',
    rootLinks: {},
  },
  riscv64: {
    debian: 'riscv64',
    node: 'riscv64',
    elfMachine: 243,
    peMachine: 0x5064,
    qemu: 'riscv64',
    // There is no cloud flavour.
    kernelPackage: 'linux-image-riscv64',
    kernelName: 'vmlinux',
    kernelArguments: [
      'cryptomgr.notests',
      '8250.nr_uarts=1',
      'console=ttyS0',
      'systemd.tty.term.console=dumb',
      'systemd.tty.term.ttyS0=dumb',
    ],
    initrdModules: ['ext4'],
    leftOutModules: [
      'drivers/bluetooth',
      'drivers/gpu',
      'drivers/hid',
      'drivers/iio',
      'drivers/media',
      'drivers/mmc',
      'drivers/net/can',
      'drivers/net/ethernet',
      'drivers/net/usb',
      'drivers/net/wireless',
      'drivers/staging',
      'drivers/usb',
      'net/bluetooth',
      'net/mac80211',
      'net/wireless',
      'sound',
    ],
    lackingPackages: { wasm: 'libwasmedge0' },
    efi: 'riscv64',
    partitionTypes: {
      usr: 'beaec34b-8442-439b-a40b-984381ed097d',
      usrVerity: '8f1056be-9b05-47c4-81d6-be53128e5b54',
      root: '72ec70a6-cf74-40e6-bd49-4bda08e8f224',
    },
    loader: 'usr/lib/ld-linux-riscv64-lp64d.so.1',
    libraries: 'usr/lib/riscv64-linux-gnu',
    rootLinks: {},
  },
}

/** The architecture of this host; undefined where no image is built for it. */
export function hostArchitecture(node: string = process.arch): Architecture | undefined {
  const names = Object.keys(imageArchitectures) as Architecture[]
  return names.find((name) => imageArchitectures[name].node === node)
}
