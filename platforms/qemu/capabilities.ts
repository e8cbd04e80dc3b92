// What QEMU machines can do: all but to be found by tags, since what a killed run leaves on this host its ledger knows.

import type { Capability } from '../../harness/machine.ts'

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
