// What machines at AWS can do.

import type { Capability } from '../../harness/machine.ts'

export const awsCapabilities = [
  'user-data',
  'console',
  'power',
  'reset',
  'lease',
] as const satisfies readonly Capability[]
