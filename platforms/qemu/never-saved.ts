// Why the state of a machine cannot be saved and loaded again, whatever for: forks, checkpoints, machines that failed. Pure.

import type { MachineSpec } from '../../harness/machine.ts'

/** The first reason, as it reads after "it", or undefined. */
export function neverSaved({
  architecture,
  tpm,
  firmware,
  disks,
  primaryDisk,
  bootOrder = [],
  numaNodes = 1,
}: MachineSpec): string | undefined {
  // QEMU (10.0 at least) saves neither the timers of the ACLINT nor those of Sstc: a clone's processors wait for an interrupt that never
  // comes, and its kernel reports a hard lockup.
  if (architecture === 'riscv64') return 'is riscv64, whose timers QEMU does not save'
  // The TPM lives in another process, whose state would have to be saved at the same instant.
  if (tpm) return 'has a TPM'
  if ([primaryDisk ?? {}, ...disks].some(({ bus }) => bus === 'nvme'))
    return 'has an NVMe disk, whose state QEMU cannot save'
  if (bootOrder.includes('network')) return 'boots from the network, whose files are in no template'
  if (bootOrder.includes('cdrom')) return 'has a CD, which is in no template'
  // SMM is one more processor state and one more memory; nobody has seen it saved and loaded under emulation.
  if (firmware === 'uefi-secure') return 'runs with Secure Boot, of which no saved state has been tried yet'
  if (numaNodes > 1) return 'has several NUMA nodes, whose memory is in no file'
  return undefined
}
