// What QEMU machines can do: all but to be found by tags, since what a killed run leaves on this host its ledger knows.

import type { Capability } from '../../harness/machine.ts'
import type { Architecture } from '../../harness/model.ts'

export const qemuCapabilities = [
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
] as const satisfies readonly Capability[]

/** Those of an architecture. Debian's kernel for riscv64 is built without PCI hot-plug (CONFIG_HOTPLUG_PCI), and no other OS is known there. */
export function capabilitiesOf(architecture: Architecture): readonly Capability[] {
  return qemuCapabilities.filter((capability) => capability !== 'hot-plug' || architecture !== 'riscv64')
}
