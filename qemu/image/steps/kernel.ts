// Step: the kernel's command line, the UKI for UEFI, and the addon that carries the first-boot arguments.

import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { imageArchitectures } from '../architectures.ts'
import { firstBootArguments, kernelArguments } from '../recipe.ts'
import { signEfi } from '../signing.ts'
import { buildUki } from '../uki.ts'
import type { BuildContext } from './context.ts'
import type { KernelFiles } from './initrd.ts'
import type { SealedUsr } from './seal.ts'

export interface BootFiles {
  readonly commandLine: string
  readonly uki: string
  readonly firstBootAddon: string
  readonly bootLoader: string
  /** What the firmware must trust to start them with Secure Boot, PEM; in the image's folder. */
  readonly certificate: string
}

/** Writes the UKI and the first-boot addon, and signs them and the boot loader. */
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
  const bootLoader = join(efi, `systemd-boot${suffix}.efi`)
  for (const program of [uki, firstBootAddon, bootLoader])
    await signEfi(program, context.signingKey, context.signal)
  const certificate = join(context.out, 'secure-boot.pem')
  await copyFile(context.signingKey.certificate, certificate)
  return { commandLine, uki, firstBootAddon, bootLoader, certificate }
}
