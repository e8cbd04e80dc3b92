import { expect, test } from 'vitest'
import type { MachineSpec } from '../../harness/machine.ts'
import { testSpec } from './boot-disk-image.test.fixture.ts'
import { neverSaved } from './never-saved.ts'

test.each<[string, Partial<MachineSpec>, RegExp | undefined]>([
  ['a plain machine', {}, undefined],
  [
    'SCSI, two paths and a boot order',
    { primaryDisk: { bus: 'scsi', paths: 2 }, bootOrder: ['primary-disk'] },
    undefined,
  ],
  ['a TPM', { tpm: true }, /^has a TPM$/],
  ['NVMe first', { primaryDisk: { bus: 'nvme' } }, /NVMe disk/],
  ['NVMe as well', { disks: [{ serial: 'd', sizeMiB: 1, bus: 'nvme' }] }, /NVMe disk/],
  ['the network', { bootOrder: ['network'] }, /the network/],
  ['a CD', { bootOrder: ['primary-disk', 'cdrom'] }, /a CD/],
  ['Secure Boot', { firmware: 'uefi-secure' }, /Secure Boot/],
  ['riscv64', { architecture: 'riscv64' }, /whose timers QEMU does not save/],
  ['two nodes', { numaNodes: 2 }, /NUMA/],
])('%s', (_, change, reason) => {
  const found = neverSaved({ ...testSpec('m0'), ...change })
  if (reason === undefined) expect(found).toBeUndefined()
  else expect(found).toMatch(reason)
})
