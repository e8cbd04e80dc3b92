// What a machine boots from instead of its disk: a CD and a network server, both with nothing but a unified kernel image. The
// firmware starts it as it would start a boot loader; the root filesystem stays on the disk.

import { mkdir, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../harness/process.ts'
import type { MachineArchitecture } from './machine-config.ts'

/** The programs that make a CD, and the packages that bring them. */
export const CD_PROGRAMS = ['xorriso', 'mformat', 'mmd', 'mcopy'] as const
export const CD_PACKAGES = ['xorriso', 'mtools'] as const

/** Names by which firmware looks for a program on media that it does not know (UEFI specification 3.5.1.1). */
const REMOVABLE: Readonly<Record<MachineArchitecture, string>> = {
  x86_64: 'BOOTX64.EFI',
  arm64: 'BOOTAA64.EFI',
  riscv64: 'BOOTRISCV64.EFI',
}

/** What a network server names to the firmware. */
const NETWORK_FILE = 'boot.efi'

/** Makes a folder for TFTP with the kernel in it. */
export async function makeNetworkFolder(
  folder: string,
  kernel: string,
): Promise<{ readonly folder: string; readonly file: string }> {
  await mkdir(folder, { recursive: true })
  await symlink(kernel, join(folder, NETWORK_FILE))
  return { folder, file: NETWORK_FILE }
}

/**
 * Makes an ISO 9660 image whose El Torito entry for EFI is a FAT filesystem with the kernel. `scratch` is a folder for what it is
 * made of. Throws InfraError when a program is missing or refuses.
 */
export async function makeBootCd(
  path: string,
  kernel: string,
  options: {
    readonly architecture: MachineArchitecture
    readonly scratch: string
    readonly signal?: AbortSignal | undefined
  },
): Promise<void> {
  const { architecture, scratch, signal } = options
  const run = async (file: string, args: readonly string[]): Promise<void> => {
    await runCommand(file, args, { signal, timeoutMs: 120_000, env: { MTOOLS_SKIP_CHECK: '1' } })
  }
  await using undo = new AsyncDisposableStack()
  const tree = join(scratch, 'cd')
  await mkdir(tree)
  undo.defer(async () => await rm(tree, { recursive: true, force: true }))
  const fat = join(tree, 'efi.img')
  const { size } = await stat(kernel)
  await writeFile(fat, '')
  // The tables of a FAT16 with clusters of 2 KiB take less than this.
  const sizeMiB = Math.ceil(size / MEBIBYTE + 2)
  await truncate(fat, sizeMiB * MEBIBYTE)
  const geometry = ['-T', String(sizeMiB * 2048), '-h', '64', '-s', '32', '-c', '4']
  await run('mformat', ['-i', fat, '-v', 'BOOT', ...geometry, '::'])
  await run('mmd', ['-i', fat, '::EFI', '::EFI/BOOT'])
  await run('mcopy', ['-i', fat, kernel, `::EFI/BOOT/${REMOVABLE[architecture]}`])
  // A load size of 1 is "as long as the medium" to EDK2; the field has no room for more than 32 MiB.
  const bootEntry = ['-e', 'efi.img', '-no-emul-boot', '-boot-load-size', '1']
  await run('xorriso', ['-as', 'mkisofs', '-quiet', '-V', 'SIGNALBOX', ...bootEntry, '-o', path, tree])
}

const MEBIBYTE = 1024 * 1024
