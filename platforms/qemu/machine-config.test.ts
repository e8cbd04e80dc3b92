// What differs with the architecture and the firmware in how a guest is told things.

import { expect, test } from 'vitest'
import type { Architecture, Firmware, Image } from '../../harness/model.ts'
import { bootDiskImage, testSpec } from './boot-disk-image.test.fixture.ts'
import type { Host } from './host.ts'
import { readsSmbios, toMachineConfig } from './machine-config.ts'

const image: Image = {
  ...bootDiskImage('/images/disk.raw'),
  firmwares: ['direct', 'uefi'],
  direct: { kernel: '/k', initrd: '/i', arguments: 'quiet', firstBootArguments: '' },
}

function configOf(architecture: Architecture, firmware: Firmware): ReturnType<typeof toMachineConfig> {
  const host: Host = {
    architecture,
    emulator: { path: '/usr/bin/qemu', version: '10.0.2', modifiedMs: 1 },
    accelerator: { accelerator: 'tcg', reason: '', measuredAt: '', key: '' },
    slowness: { factor: 8, reason: '' },
    firmwares: ['direct', 'uefi'],
    hasTpm: false,
    programs: new Set(),
    budget: { memoryMiB: 4096, cpus: 4 },
  }
  return toMachineConfig(
    { ...testSpec('m0'), architecture, firmware, hostName: 'm0-0123abcd' },
    image,
    host,
    {
      uuid: '',
      disks: [],
      ignitionPath: undefined,
      firmwareFiles: { codePath: '/code', variablesPath: '/variables' },
    },
    { firstBoot: true, sshPort: 0, tpmSocket: undefined },
  )
}

test.each([
  ['x86_64', 'direct', true],
  ['x86_64', 'uefi', true],
  ['arm64', 'uefi', true],
  ['arm64', 'direct', false],
  ['riscv64', 'uefi', true],
  ['riscv64', 'direct', false],
] as const)('on %s, firmware %s, the host name comes by SMBIOS: %s', (architecture, firmware, smbios) => {
  expect(readsSmbios(architecture, firmware)).toBe(smbios)
  const { oemStrings, fwCfg } = configOf(architecture, firmware)
  const byFwCfg = { name: 'opt/io.systemd.credentials/system.hostname', text: 'm0-0123abcd' }
  expect(oemStrings).toEqual(smbios ? ['io.systemd.credential:system.hostname=m0-0123abcd'] : [])
  expect(fwCfg).toEqual(smbios ? [] : [byFwCfg])
})

test('an emulated arm64 guest has a cheap CPU, and a thread for each', () => {
  const { cpuModel, accelerator } = configOf('arm64', 'direct')
  expect([cpuModel, accelerator]).toEqual([
    'neoverse-n1',
    { kind: 'tcg', threads: 'multi', translationCacheMiB: 512 },
  ])
})
