// Step: the initrd, built by the guest's own dracut inside the tree, from exactly the modules named here.

import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { imageArchitectures } from '../architectures.ts'
import { flavourOf } from '../flavours.ts'
import { trimmedLast } from '../trim.ts'
import { droppedUnits } from '../units.ts'
import { unpackKernel } from '../vmlinux.ts'
import { run, runInTree, type BuildContext } from './context.ts'

export interface KernelFiles {
  readonly release: string
  /** The distribution's EFI executable, for the UKI. */
  readonly vmlinuz: string
  /** For direct boots: on x86-64 the ELF file in it; elsewhere the same file, which is not compressed. */
  readonly direct: string
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
  const { initrdModules, kernelName = 'vmlinuz' } = imageArchitectures[context.architecture]
  const added = [...initrdModules, ...modules]
  const [release = ''] = await readdir(join(tree, 'usr/lib/modules'))
  await runInTree(context, [
    'dracut',
    '--force',
    '--no-hostonly',
    '--no-hostonly-cmdline',
    '--no-early-microcode',
    '--reproducible',
    '--no-compress',
    '--omit-drivers',
    omitted.filter((name) => modules.length === 0 || !raidModules.includes(name)).join(' '),
    ...(added.length === 0 ? [] : ['--add-drivers', added.join(' ')]),
    ...(files.length === 0 ? [] : ['--install', files.join(' ')]),
    '--kver',
    release,
    '--modules',
    ['reference', ...dracut].join(' '),
    '/boot/initrd.img',
  ])
  const vmlinuz = join(work, 'vmlinuz')
  const direct = join(out, 'vmlinux')
  const initrd = join(out, 'initrd')
  const plain = join(tree, 'boot/initrd.img')
  // As dracut would, but never emulated.
  await run(context, 'zstd', ['-15', '-q', '-T0', plain, '-o', initrd])
  await rename(join(tree, 'boot', `${kernelName}-${release}`), vmlinuz)
  await writeFile(direct, unpackKernel(context.architecture, await readFile(vmlinuz)))
  // The UKI's stub and the boot loader are needed once more.
  await rename(join(tree, 'usr/lib/systemd/boot/efi'), join(work, 'efi'))
  const units = droppedUnits.map((name) => `usr/lib/systemd/system/${name}`)
  const gone = [...trimmedLast, ...units]
  await Promise.all(gone.map((path) => rm(join(tree, path), { recursive: true, force: true })))
  // Where tools look for it, of an OS whose /boot has no such file.
  await rename(join(tree, 'boot', `config-${release}`), join(tree, 'usr/lib/modules', release, 'config'))
  await rm(join(tree, 'boot'), { recursive: true })
  return { release, vmlinuz, direct, initrd }
}
