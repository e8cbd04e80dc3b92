// Step: the kernel's command line, the UKI for UEFI, and the addon that carries the first-boot arguments.

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { imageArchitectures } from '../architectures.ts'
import { firstBootArguments, kernelArguments } from '../recipe.ts'
import { buildUki } from '../uki.ts'
import type { BuildContext } from './context.ts'
import type { KernelFiles } from './initrd.ts'
import type { SealedUsr } from './seal.ts'

export interface BootFiles {
  readonly commandLine: string
  readonly uki: string
  readonly firstBootAddon: string
  readonly bootLoader: string
}

/** Writes the UKI and the first-boot addon. */
export async function buildBootFiles(
  context: BuildContext,
  kernel: KernelFiles,
  usr: SealedUsr,
): Promise<BootFiles> {
  const { efi: suffix, kernelArguments: own } = imageArchitectures[context.architecture]
  const commandLine = [`usrhash=${usr.rootHash}`, ...kernelArguments, ...own].join(' ')
  const efi = join(context.work, 'efi')
  const text = (value: string): Uint8Array => Buffer.from(`${value}\0`)
  const uki = join(context.out, `reference_${context.version}.efi`)
  await writeFile(
    uki,
    buildUki(await readFile(join(efi, `linux${suffix}.efi.stub`)), [
      { name: '.osrel', data: await readFile(join(context.tree, 'usr/lib/os-release')) },
      { name: '.cmdline', data: text(commandLine) },
      { name: '.uname', data: Buffer.from(kernel.release) },
      { name: '.linux', data: await readFile(kernel.vmlinuz) },
      { name: '.initrd', data: await readFile(kernel.initrd) },
    ]),
  )
  const firstBootAddon = join(context.work, 'first-boot.addon.efi')
  const addon = buildUki(await readFile(join(efi, `addon${suffix}.efi.stub`)), [
    { name: '.cmdline', data: text(firstBootArguments.join(' ')) },
  ])
  await writeFile(firstBootAddon, addon)
  return { commandLine, uki, firstBootAddon, bootLoader: join(efi, `systemd-boot${suffix}.efi`) }
}
