// A program that makes the kernel of a clone take new random numbers at once, for machines without a VM generation id (QEMU has the
// device on x86 only): what is written to /dev/urandom counts from the next reseeding on, a minute later at the worst, and until then
// all clones would draw the same. No shell can do an ioctl, and no program for it is in every OS; so here is one of 200 bytes.

import { Buffer } from 'node:buffer'

/** Kernel architectures (`/proc/sys/kernel/arch`) whose machines need it. */
export const RESEEDS = 'aarch64'

const LOADED_AT = 0x400000
const HEADERS = 64 + 56
const PATH = '/dev/urandom\0'

// RNDRESEEDCRNG of random(4) is _IO('R', 7). Exits with its result: 0, or an errno as a byte.
const INSTRUCTIONS = [
  0x92800c60, // movn x0, #99        AT_FDCWD
  0x100001a1, // adr  x1, path       52 bytes on
  0xd2800002, // mov  x2, #0         O_RDONLY
  0xd2800708, // mov  x8, #56        openat
  0xd4000001, // svc  #0
  0xd28a40e1, // mov  x1, #0x5207    RNDRESEEDCRNG
  0xd28003a8, // mov  x8, #29        ioctl
  0xd4000001, // svc  #0
  0xcb0003e0, // neg  x0, x0
  0xd2800ba8, // mov  x8, #93        exit
  0xd4000001, // svc  #0
  0xd503201f, // nop
  0xd503201f, // nop
  0xd503201f, // nop
] as const

/** The program for arm64 Linux: a static ELF file (System V ABI, AArch64). */
export function reseedProgram(): Buffer {
  const code = Buffer.alloc(INSTRUCTIONS.length * 4 + PATH.length)
  for (const [index, word] of INSTRUCTIONS.entries()) code.writeUInt32LE(word, index * 4)
  code.write(PATH, INSTRUCTIONS.length * 4, 'latin1')
  const file = Buffer.alloc(HEADERS)
  file.write('\u007FELF\u0002\u0001\u0001', 'latin1')
  file.writeUInt16LE(2, 16) // ET_EXEC
  file.writeUInt16LE(183, 18) // EM_AARCH64
  file.writeUInt32LE(1, 20)
  file.writeBigUInt64LE(BigInt(LOADED_AT + HEADERS), 24)
  file.writeBigUInt64LE(64n, 32)
  file.writeUInt16LE(64, 52)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(1, 56)
  file.writeUInt32LE(1, 64) // PT_LOAD
  file.writeUInt32LE(5, 68) // readable, executable
  file.writeBigUInt64LE(BigInt(LOADED_AT), 80)
  file.writeBigUInt64LE(BigInt(LOADED_AT), 88)
  const size = BigInt(HEADERS + code.length)
  file.writeBigUInt64LE(size, 96)
  file.writeBigUInt64LE(size, 104)
  file.writeBigUInt64LE(0x10000n, 112)
  return Buffer.concat([file, code])
}

/** Shell that writes the program into `path` and makes it one; for sh and bash. */
export function writeReseedProgram(path: string): string {
  const octal = [...reseedProgram()].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
  return `printf '${octal}' >${path}; chmod 700 ${path}`
}
