// Step: the initrd, built by the guest's own dracut inside the tree, from exactly the modules named here.

import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { flavourOf } from '../flavours.ts'
import { trimmedLast } from '../trim.ts'
import { droppedUnits } from '../units.ts'
import { unpackKernel } from '../vmlinux.ts'
import { runInTree, type BuildContext } from './context.ts'

export interface KernelFiles {
  readonly release: string
  /** The distribution's bzImage, for the UKI. */
  readonly vmlinuz: string
  /** The ELF kernel inside it, for direct boots. */
  readonly vmlinux: string
  readonly initrd: string
}

const raidModules: readonly string[] = ['md-mod', 'raid456', 'raid10', 'raid1', 'raid0']

/** dracut's dm module takes in every RAID level; /usr needs dm-verity. */
const omitted: readonly string[] = [
  ...raidModules,
  'bcache',
  'dm-vdo',
  'dm-raid',
  'dm-cache',
  'dm-cache-smq',
  'dm-thin-pool',
  'dm-clone',
  'dm-era',
  'dm-writecache',
  'dm-zoned',
]

/** Builds the initrd, takes kernel and initrd out of the tree and drops what only their making needed. */
export async function buildInitrd(context: BuildContext): Promise<KernelFiles> {
  const { tree, out, work } = context
  const { files = [], modules = [], dracut = [] } = flavourOf(context.flavour)?.initrd ?? {}
  const [release = ''] = await readdir(join(tree, 'usr/lib/modules'))
  await runInTree(context, [
    'dracut',
    '--force',
    '--no-hostonly',
    '--no-hostonly-cmdline',
    '--no-early-microcode',
    '--reproducible',
    '--zstd',
    '--omit-drivers',
    omitted.filter((name) => modules.length === 0 || !raidModules.includes(name)).join(' '),
    ...(modules.length === 0 ? [] : ['--add-drivers', modules.join(' ')]),
    ...(files.length === 0 ? [] : ['--install', files.join(' ')]),
    '--kver',
    release,
    '--modules',
    ['reference', ...dracut].join(' '),
    '/boot/initrd.img',
  ])
  const vmlinuz = join(work, 'vmlinuz')
  const vmlinux = join(out, 'vmlinux')
  const initrd = join(out, 'initrd')
  await rename(join(tree, 'boot/initrd.img'), initrd)
  await rename(join(tree, 'boot', `vmlinuz-${release}`), vmlinuz)
  await writeFile(vmlinux, unpackKernel(await readFile(vmlinuz)))
  // The UKI's stub and the boot loader are needed once more.
  await rename(join(tree, 'usr/lib/systemd/boot/efi'), join(work, 'efi'))
  const units = droppedUnits.map((name) => `usr/lib/systemd/system/${name}`)
  const gone = [...trimmedLast, ...units]
  await Promise.all(gone.map((path) => rm(join(tree, path), { recursive: true, force: true })))
  // Where tools look for it, of an OS whose /boot has no such file.
  await rename(join(tree, 'boot', `config-${release}`), join(tree, 'usr/lib/modules', release, 'config'))
  await rm(join(tree, 'boot'), { recursive: true })
  return { release, vmlinuz, vmlinux, initrd }
}
