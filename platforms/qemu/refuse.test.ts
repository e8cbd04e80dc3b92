// Refusals, command lines, exits and budgets: pure tables.

import { describe, expect, test } from 'vitest'
import type { MachineSpec } from '../../harness/machine.ts'
import type { Image } from '../../harness/model.ts'
import { cpuModelFor, INHERITED_CHANNELS } from '../../qemu/index.ts'
import { bootDiskImage, testSpec } from './boot-disk-image.test.fixture.ts'
import { kernelArchitecture } from './check-kernel.ts'
import { toMachineExit } from './exit.ts'
import { memoryBudgetMiB, type Host } from './host.ts'
import { toMachineConfig } from './machine-config.ts'
import { capabilitiesOf } from './capabilities.ts'
import { refuse } from './refuse.ts'

const host: Host = {
  architecture: 'x86_64',
  emulator: { path: '/usr/bin/qemu-system-x86_64', version: '10.0.2', modifiedMs: 1 },
  accelerator: { accelerator: 'tcg', reason: 'no KVM', measuredAt: '2026-01-01T00:00:00Z', key: 'k' },
  slowness: { factor: 8, reason: '' },
  firmwares: ['direct', 'bios', 'uefi'],
  hasTpm: false,
  programs: new Set(),
  budget: { memoryMiB: 4096, cpus: 4 },
}
const image: Image = {
  ...bootDiskImage('/images/disk.raw'),
  firmwares: ['direct', 'uefi', 'uefi-secure'],
  direct: {
    kernel: '/images/vmlinuz',
    initrd: '/images/initrd',
    arguments: 'console=ttyS0 quiet',
    firstBootArguments: 'ignition.firstboot=1',
  },
}
const media: Image = { ...image, unifiedKernel: { path: '/images/boot.efi', firstBootArguments: 'first=1' } }
const withSecure: Host = { ...host, firmwares: [...host.firmwares, 'uefi-secure'] }
const flatcar: Image = { ...image, identity: { ...image.identity, distro: 'flatcar' } }

describe('refuse', () => {
  test('grants what it can give', () => {
    expect(refuse(testSpec('m0'), image, host)).toEqual([])
    const disks = [{ serial: 'data-1', sizeMiB: 10 }]
    expect(refuse({ ...testSpec('m0'), firmware: 'uefi', disks }, image, host)).toEqual([])
    const withArguments = { ...testSpec('m0'), firmware: 'uefi', kernelArguments: ['a=1'] } as const
    expect(refuse(withArguments, image, host)).toEqual([])
  })

  test.each<[string, Partial<MachineSpec>, Image, RegExp]>([
    [
      'another architecture',
      { architecture: 'arm64' },
      image,
      /needs architecture arm64; the image is for x86_64/,
    ],
    [
      'a firmware the image lacks',
      { firmware: 'bios' },
      image,
      /needs firmware bios; the image boots with direct, uefi/,
    ],
    ['a firmware the host lacks', { firmware: 'uefi-secure' }, image, /apt-get install ovmf/],
    ['a TPM', { tpm: true }, image, /apt-get install swtpm/],
    ['too much memory', { memoryMiB: 5000 }, image, /needs 5000 MiB of memory a machine; .* budget is 4 GiB/],
    ['no CPU', { cpus: 0 }, image, /0 CPUs/],
    ['a bad serial', { disks: [{ serial: 'a,b', sizeMiB: 1 }] }, image, /disk serial "a,b"/],
    ['a taken serial', { disks: [{ serial: 'primary-disk', sizeMiB: 1 }] }, image, /two disks/],
    ['an empty disk', { disks: [{ serial: 'd', sizeMiB: 0 }] }, image, /"d" of no size/],
    [
      'paths beside scsi',
      { disks: [{ serial: 'd', sizeMiB: 1, bus: 'nvme', paths: 2 }] },
      image,
      /needs 2 paths to the disk "d"; one on scsi can have 1 to 4, others have 1/,
    ],
    [
      'large sectors on sata',
      { disks: [{ serial: 'd', sizeMiB: 1, bus: 'sata', sectorSize: 4096 }] },
      image,
      /QEMU has them on virtio, nvme and scsi/,
    ],
    [
      'more on sata than fits',
      { disks: Array.from({ length: 7 }, (_, index) => ({ serial: `d${index}`, sizeMiB: 1, bus: 'sata' })) },
      image,
      /needs 7 disks on sata; 6 fit/,
    ],
    [
      'sectors that the image is not made for',
      { primaryDisk: { sectorSize: 4096 } },
      image,
      /needs a primary disk with 4096-byte sectors; the image is made for 512/,
    ],
    [
      'a boot order without a firmware',
      { bootOrder: ['primary-disk'] },
      image,
      /needs the boot order primary-disk; firmware direct starts a kernel by itself/,
    ],
    [
      'a boot order of what is not there',
      { firmware: 'uefi', bootOrder: ['primary-disk', 'other'] },
      image,
      /boot order primary-disk, other; there are primary-disk, network, cdrom/,
    ],
    [
      'a network boot of an image without a kernel for it',
      { firmware: 'uefi', bootOrder: ['network'] },
      image,
      /the image comes without a kernel for network/,
    ],
    [
      'a CD without the programs that make one',
      { firmware: 'uefi', bootOrder: ['cdrom'] },
      media,
      /no xorriso, mformat, mmd, mcopy: apt-get install xorriso mtools/,
    ],
    [
      'media with Secure Boot',
      { firmware: 'uefi-secure', bootOrder: ['network'] },
      media,
      /with Secure Boot the kernel takes no first-boot arguments/,
    ],
    [
      'a key that nobody enrols',
      { firmware: 'uefi-secure' },
      { ...media, certificate: '/images/c.pem' },
      /needs the image's own key in the firmware; .* apt-get install python3-virt-firmware/,
    ],
    [
      'a node without a CPU',
      { numaNodes: 2, memoryMiB: 512 },
      image,
      /needs 2 NUMA nodes for 1 CPUs and 512 MiB/,
    ],
    [
      'arguments for GRUB',
      { firmware: 'uefi', kernelArguments: ['a'] },
      flatcar,
      /needs kernel arguments; a flatcar image with firmware uefi takes none/,
    ],
  ])('%s', (_, change, of, reason) => {
    const here = change.firmware === 'uefi-secure' && of !== image ? withSecure : host
    expect(refuse({ ...testSpec('m0'), ...change }, of, here)).toEqual([expect.stringMatching(reason)])
  })

  test('a direct boot of x86_64 has no TPM', () => {
    const here = { ...host, hasTpm: true }
    const spec = { ...testSpec('m0'), tpm: true }
    expect(refuse({ ...spec, firmware: 'direct' }, image, here)).toEqual([
      expect.stringMatching(/^needs a TPM; .* ACPI tables then: --firmware uefi has one$/),
    ])
    expect(refuse({ ...spec, firmware: 'uefi' }, image, here)).toEqual([])
  })

  test('riscv64 has no TPM, whatever the host has, and says where its firmware is', () => {
    const own: Image = { ...image, identity: { ...image.identity, architecture: 'riscv64' } }
    const here: Host = { ...host, architecture: 'riscv64', firmwares: ['direct'] }
    const spec = { ...testSpec('m0'), architecture: 'riscv64', firmware: 'uefi', tpm: true } as const
    expect(refuse(spec, own, { ...here, hasTpm: true })).toEqual([
      'needs firmware uefi; this host has direct: apt-get install qemu-efi-riscv64; Debian 12 has no qemu-efi-riscv64, Debian 13 has',
      'needs a TPM; the kernel for riscv64 has no driver of one',
    ])
    expect(capabilitiesOf('riscv64')).not.toContain('hot-plug')
    expect(capabilitiesOf('arm64')).toContain('hot-plug')
  })

  test('names everything that cannot be had', () => {
    const spec = { ...testSpec('m0'), firmware: 'uefi-secure', tpm: true, memoryMiB: 8192 } as const
    expect(refuse(spec, image, host)).toEqual([
      'needs firmware uefi-secure; this host has direct, bios, uefi: apt-get install ovmf',
      'needs a TPM; this host has no swtpm: apt-get install swtpm',
      "needs 8 GiB of memory a machine; the largest that fits this host's budget is 4 GiB",
    ])
  })
})

describe('toMachineConfig', () => {
  const prepared = {
    uuid: 'u',
    disks: [{ path: '/m/primary.qcow2', format: 'qcow2', serial: 'primary-disk' }],
    ignitionPath: '/m/config.ign',
    firmwareFiles: { codePath: '/fw/code', variablesPath: '/m/vars' },
  } as const
  const first = { firstBoot: true, sshPort: 0, tpmSocket: undefined }
  const spec = { ...testSpec('m0'), kernelArguments: ['a=1', 'b'] }

  test('direct boot: first-boot arguments once, and then a process that may restart', () => {
    const config = toMachineConfig(spec, image, host, prepared, first)
    expect(config).toEqual({
      name: 'm0',
      uuid: 'u',
      binary: '/usr/bin/qemu-system-x86_64',
      architecture: 'x86_64',
      accelerator: { kind: 'tcg', threads: 'multi', translationCacheMiB: 512 },
      cpuModel: cpuModelFor('x86_64', 'tcg'),
      memoryMiB: 64,
      start: 'boot',
      cpus: 1,
      boot: {
        firmware: 'direct',
        kernel: '/images/vmlinuz',
        initrd: '/images/initrd',
        commandLine: 'console=ttyS0 quiet ignition.firstboot=1 a=1 b',
      },
      disks: prepared.disks,
      fwCfg: [{ name: 'opt/com.coreos/config', path: '/m/config.ign' }],
      oemStrings: [],
      network: { sshPort: 0, ipv6: false },
      onReboot: 'exit',
      channels: INHERITED_CHANNELS,
    })
    const later = toMachineConfig(spec, image, host, prepared, { ...first, firstBoot: false, sshPort: 7 })
    expect(later).toMatchObject({
      onReboot: 'restart',
      network: { sshPort: 7 },
      boot: { commandLine: 'console=ttyS0 quiet a=1 b' },
    })
  })

  test('UEFI: arguments through SMBIOS; Flatcar has its own Ignition key', () => {
    const uefi = toMachineConfig({ ...spec, firmware: 'uefi' }, image, host, prepared, first)
    expect(uefi).toMatchObject({
      boot: { firmware: 'uefi', codePath: '/fw/code', variablesPath: '/m/vars' },
      oemStrings: ['io.systemd.stub.kernel-cmdline-extra=a=1 b'],
      onReboot: 'restart',
    })
    const own = toMachineConfig(testSpec('m0'), flatcar, host, prepared, first)
    expect(own.fwCfg).toEqual([{ name: 'opt/org.flatcar-linux/config', path: '/m/config.ign' }])
  })
})

test('from media the kernel gets the arguments of a first boot, which its boot loader adds on the disk', () => {
  const spec = { ...testSpec('m0'), firmware: 'uefi', bootOrder: ['network', 'primary-disk'] } as const
  const networkBoot = { folder: '/m/tftp', file: 'boot.efi' }
  const firmwareFiles = { codePath: '/fw/code', variablesPath: '/m/vars' }
  const files = { uuid: 'u', disks: [], ignitionPath: undefined, firmwareFiles, networkBoot }
  const cycle = { firstBoot: true, sshPort: 0, tpmSocket: undefined }
  expect(toMachineConfig(spec, media, host, files, cycle)).toMatchObject({
    bootOrder: ['network', 'primary-disk'],
    network: { boot: networkBoot },
    oemStrings: ['io.systemd.stub.kernel-cmdline-extra=first=1'],
  })
  const disk = { ...spec, bootOrder: ['primary-disk', 'network'] }
  expect(toMachineConfig(disk, media, host, files, cycle).oemStrings).toEqual([])
})

describe('toMachineExit', () => {
  test.each([
    [{ kind: 'guest-poweroff' }, { kind: 'none' }, false, 'image'],
    [{ kind: 'guest-poweroff' }, { kind: 'power-off', reason: 'shut down' }, true, 'platform'],
    [{ kind: 'requested' }, { kind: 'panic' }, false, 'image'],
    [{ kind: 'killed', signal: 'SIGKILL' }, { kind: 'power-off', reason: 'shut down' }, false, 'platform'],
    [{ kind: 'requested' }, { kind: 'host-fault', reason: 'disk' }, false, 'platform'],
    [{ kind: 'killed', signal: 'SIGKILL' }, { kind: 'none' }, false, 'platform'],
    [{ kind: 'crashed', detail: 'exit status 1' }, { kind: 'none' }, false, 'platform'],
  ] as const)('%j %j', (end, intent, expected, blame) => {
    expect(toMachineExit(end, intent)).toMatchObject({ expected, blame, reason: expect.stringMatching(/./) })
  })
})

test('the memory budget leaves the host its share', () => {
  const gib = 1024 ** 3
  expect(memoryBudgetMiB(24 * gib)).toBe(17_920)
  expect(memoryBudgetMiB(4 * gib)).toBe(2560)
  expect(memoryBudgetMiB(gib / 2)).toBe(0)
})

test('kernels are known by their headers', () => {
  expect(kernelArchitecture(at(0x202, 'HdrS'))).toBe('x86_64')
  expect(kernelArchitecture(at(0x38, 'ARM\u0064'))).toBe('arm64')
  expect(kernelArchitecture(at(0x38, 'RSC\u0005'))).toBe('riscv64')
  expect(kernelArchitecture(at(4, 'zimg'))).toBe('arm64')
  expect(kernelArchitecture(at(0, '\u001F\u008B'))).toBe('arm64')
  expect(kernelArchitecture(at(0, `\u007FELF${'\0'.repeat(14)}\u003E`))).toBe('x86_64')
  expect(kernelArchitecture(at(0, `\u007FELF${'\0'.repeat(14)}\u00B7`))).toBe('arm64')
  expect(kernelArchitecture(at(0, `\u007FELF${'\0'.repeat(14)}\u00F3`))).toBe('riscv64')
  expect(kernelArchitecture(Buffer.alloc(0))).toBe('unknown')
  expect(kernelArchitecture(at(0, 'MZ'))).toBe('unknown')
})

function at(offset: number, text: string): Buffer {
  const header = Buffer.alloc(1024)
  header.write(text, offset, 'latin1')
  return header
}
