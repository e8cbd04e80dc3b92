// The matrix that nobody wrote: only what can be.

import { expect, it } from 'vitest'
import { defaultMatrix } from './default-matrix.ts'

const names = (platform: string): readonly string[] => defaultMatrix(platform).map(({ name }) => name)

it('has riscv64 with QEMU alone, without the firmwares and the TPM that there are not', () => {
  expect(names('qemu').filter((name) => name.includes('riscv64'))).toEqual([
    'qemu-riscv64-direct',
    'qemu-riscv64-uefi',
  ])
  expect(names('fake').filter((name) => name.includes('riscv64'))).toEqual([])
})
