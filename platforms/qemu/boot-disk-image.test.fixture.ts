// For tests of the platform: an image that is nothing but a boot sector, and a small machine to boot it.

import type { MachineSpec } from '../../harness/machine.ts'
import type { DiskImage } from '../../harness/model.ts'

/** The image of a raw boot disk. */
export function bootDiskImage(path: string): DiskImage {
  return {
    identity: {
      digest: `sha256:${'0'.repeat(64)}`,
      distro: 'reference',
      version: '0.0.0',
      channel: 'alpha',
      architecture: 'x86_64',
    },
    disk: { path, format: 'raw' },
    firmwares: ['bios'],
  }
}

/** The smallest machine that boots it. */
export function testSpec(name: string): MachineSpec {
  return { name, architecture: 'x86_64', memoryMiB: 64, cpus: 1, tpm: false, disks: [] }
}
