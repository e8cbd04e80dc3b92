// The kernel as QEMU's own loader starts it fastest. On x86-64 the ELF file inside the bzImage (x86 boot protocol, payload_offset and
// payload_length), entered through its PVH note: no real-mode setup and no unpacking by emulated code (2.5 s saved). On arm64 and
// riscv64 Debian's kernel is an uncompressed Image (the kernel's Documentation/arch/arm64/booting.rst and
// Documentation/arch/riscv/boot-image-header.rst), which is what the loader wants.

import type { Architecture } from '../../harness/model.ts'
import { zstdDecompressSync } from 'node:zlib'

const zstdMagic = 0xfd2fb528

/** The kernel to boot directly. Throws when the file is something else than Debian ships for the architecture. */
export function unpackKernel(architecture: Architecture, image: Uint8Array): Uint8Array {
  switch (architecture) {
    case 'x86_64':
      return unpackBzImage(image)
    case 'arm64': {
      const file = Buffer.from(image.buffer, image.byteOffset, image.length)
      if (file.length < 64 || file.toString('latin1', 56, 60) !== 'ARMd')
        throw new Error('not an arm64 Image; a compressed one would have to be unpacked first')
      return image
    }
    case 'riscv64': {
      const file = Buffer.from(image.buffer, image.byteOffset, image.length)
      if (file.length < 64 || file.toString('latin1', 56, 60) !== 'RSC\u0005')
        throw new Error('not a riscv64 Image; a compressed one would have to be unpacked first')
      return image
    }
    default:
      return architecture satisfies never
  }
}

/** The ELF file inside a zstd-compressed bzImage. Throws when it is something else. */
function unpackBzImage(image: Uint8Array): Uint8Array {
  const file = Buffer.from(image.buffer, image.byteOffset, image.length)
  if (file.length < 0x250 || file.toString('latin1', 0x202, 0x206) !== 'HdrS')
    throw new Error('not a bzImage')
  const setupSectors = file.readUInt8(0x1f1) || 4
  const start = (setupSectors + 1) * 512 + file.readUInt32LE(0x248)
  const payload = file.subarray(start, start + file.readUInt32LE(0x24c))
  if (payload.length < 8 || payload.readUInt32LE(0) !== zstdMagic)
    throw new Error('the kernel is not zstd-compressed')
  // The last four bytes are the unpacked size, appended by the kernel's build.
  const size = payload.readUInt32LE(payload.length - 4)
  const kernel = zstdDecompressSync(payload.subarray(0, -4), { maxOutputLength: size })
  if (kernel.length !== size || kernel.toString('latin1', 1, 4) !== 'ELF')
    throw new Error('the kernel inside is no ELF file')
  return kernel
}
