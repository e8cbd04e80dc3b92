// The matrix where no config says one: what the reference image, or the image that is given, can be tried in on one host. What
// this host or the image does not have is left out, and the reason is said.

import { expandMatrix, type MatrixCell } from './expand-matrix.ts'

/** The cells of a platform, as `--target` finds them. */
export function defaultMatrix(platform: string): readonly MatrixCell[] {
  return expandMatrix(
    {
      axes: {
        // riscv64 is emulated nearly everywhere; where its QEMU is not installed, it is left out.
        architecture: platform === 'qemu' ? ['x86_64', 'arm64', 'riscv64'] : ['x86_64', 'arm64'],
        firmware: ['direct', 'bios', 'uefi', 'uefi-secure'],
        tpm: [null, 'on'],
      },
      // What firmware measures into a TPM is the point of having one.
      exclude: [
        { firmware: 'direct', tpm: 'on' },
        { firmware: 'bios', tpm: 'on' },
        { firmware: 'bios', architecture: 'arm64' },
        // There is no such firmware, and no TPM.
        { firmware: 'bios', architecture: 'riscv64' },
        { firmware: 'uefi-secure', architecture: 'riscv64' },
        { tpm: 'on', architecture: 'riscv64' },
      ],
      include: [],
    },
    platform,
  )
}
