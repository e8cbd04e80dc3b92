// A kernel of the wrong architecture would only hang: its header says what it is, so it is refused before anything boots.

import { open } from 'node:fs/promises'
import { codeOf, UsageError } from '../../harness/errors.ts'
import type { Architecture } from '../../harness/model.ts'

/** Throws UsageError when the file is missing, no Linux kernel, or one for another architecture. */
export async function checkKernel(path: string, architecture: Architecture): Promise<void> {
  const found = kernelArchitecture(await readHeader(path))
  if (found === architecture) return
  if (found === 'unknown') {
    throw new UsageError(`${path} is not a Linux kernel that QEMU can boot`, {
      code: 'kernel-unreadable',
      hint: 'the image is damaged: build or fetch it again',
    })
  }
  throw new UsageError(`the image says it is for ${architecture}, but its kernel is for ${found}`, {
    code: 'wrong-architecture',
    hint: 'use the image of the right architecture',
  })
}

/**
 * From the first KiB: the x86 boot protocol has "HdrS" at 0x202, an arm64 Image "ARM\x64" and a riscv64 one "RSC\x05" at 0x38; a gzip or EFI zboot
 * file is a kernel only on arm64.
 */
export function kernelArchitecture(header: Buffer): Architecture | 'unknown' {
  if (header.subarray(0x202, 0x206).toString('latin1') === 'HdrS') return 'x86_64'
  if (header.subarray(0x38, 0x3c).toString('latin1') === 'ARM\u0064') return 'arm64'
  if (header.subarray(0x38, 0x3c).toString('latin1') === 'RSC\u0005') return 'riscv64'
  if (header.subarray(4, 8).toString('latin1') === 'zimg') return 'arm64'
  if (header.length > 2 && header.readUInt16BE(0) === 0x1f8b) return 'arm64'
  return elfArchitecture(header)
}

// An uncompressed kernel (PVH) is an ELF file: e_machine at 18 is 62 for x86-64, 183 for AArch64, 243 for RISC-V.
function elfArchitecture(header: Buffer): Architecture | 'unknown' {
  if (header.length < 20 || header.subarray(0, 4).toString('latin1') !== '\u007FELF') return 'unknown'
  const machine = header.readUInt16LE(18)
  if (machine === 62) return 'x86_64'
  if (machine === 183) return 'arm64'
  return machine === 243 ? 'riscv64' : 'unknown'
}

async function readHeader(path: string): Promise<Buffer> {
  try {
    await using file = await open(path, 'r')
    const { buffer, bytesRead } = await file.read(Buffer.alloc(1024), 0, 1024, 0)
    return buffer.subarray(0, bytesRead)
  } catch (cause) {
    throw new UsageError(`cannot read the kernel ${path}: ${codeOf(cause) ?? String(cause)}`, {
      code: 'kernel-unreadable',
      hint: 'the image is incomplete: build or fetch it again',
      cause,
    })
  }
}
