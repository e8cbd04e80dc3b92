import { zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { unpackKernel } from './vmlinux.ts'

function makeImage(kernel: Uint8Array): Buffer {
  const packed = zstdCompressSync(kernel)
  const size = Buffer.alloc(4)
  size.writeUInt32LE(kernel.length)
  const head = Buffer.alloc(2 * 512 + 16)
  head.writeUInt8(1, 0x1f1)
  head.write('HdrS', 0x202, 'latin1')
  head.writeUInt32LE(16, 0x248)
  head.writeUInt32LE(packed.length + 4, 0x24c)
  return Buffer.concat([head, packed, size, Buffer.alloc(100, 0xff)])
}

test('the ELF file comes out of the bzImage', () => {
  const kernel = Buffer.concat([Buffer.from('\x7fELF', 'latin1'), Buffer.alloc(4000, 3)])
  expect(Buffer.from(unpackKernel('x86_64', makeImage(kernel)))).toEqual(kernel)
})

test('anything else is an error', () => {
  expect(() => unpackKernel('x86_64', Buffer.alloc(1000))).toThrow(/not a bzImage/)
  expect(() => unpackKernel('x86_64', makeImage(Buffer.from('no kernel')))).toThrow(/no ELF file/)
  const broken = makeImage(Buffer.from('\x7fELF', 'latin1'))
  broken.fill(0, 2 * 512 + 16, 2 * 512 + 20)
  expect(() => unpackKernel('x86_64', broken)).toThrow(/not zstd-compressed/)
})

test('an arm64 Image is taken as it is, and nothing else for one', () => {
  const image = Buffer.alloc(128, 7)
  image.write('ARMd', 56, 'latin1')
  expect(unpackKernel('arm64', image)).toBe(image)
  expect(() => unpackKernel('arm64', Buffer.alloc(128))).toThrow(/not an arm64 Image/)
  expect(() => unpackKernel('arm64', Buffer.from([0x1f, 0x8b]))).toThrow(/not an arm64 Image/)
  expect(() => unpackKernel('x86_64', image)).toThrow(/not a bzImage/)
})

test('the same for a riscv64 Image', () => {
  const image = Buffer.alloc(128, 7)
  image.write('RSC\u0005', 56, 'latin1')
  expect(unpackKernel('riscv64', image)).toBe(image)
  expect(() => unpackKernel('riscv64', Buffer.alloc(128))).toThrow(/not a riscv64 Image/)
  expect(() => unpackKernel('arm64', image)).toThrow(/not an arm64 Image/)
})
