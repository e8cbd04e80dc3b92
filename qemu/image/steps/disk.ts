// Step: the disk image, put together without loop devices: sgdisk for the table, mtools for the ESP, mkfs with a folder for
// the others, and dd into place. Sparse, raw.

import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InfraError } from '../../../harness/errors.ts'
import { imageArchitectures } from '../architectures.ts'
import { diskLayout, sgdiskArguments, type DiskLayout } from '../gpt-layout.ts'
import { run, type BuildContext } from './context.ts'
import type { BootFiles } from './kernel.ts'
import { uuidFor, type SealedUsr } from './seal.ts'

/** Makes `disk.raw` in the image's folder and returns its layout. */
export async function buildDisk(context: BuildContext, usr: SealedUsr, boot: BootFiles): Promise<DiskLayout> {
  const disk = join(context.out, 'disk.raw')
  const layout = diskLayout(context.architecture, context.version, usr.rootHash)
  await makeSparse(disk, layout.sizeMiB)
  await run(context, 'sgdisk', sgdiskArguments(layout, uuidFor('disk'), disk))
  await place(context, layout, `reference_${context.version}`, usr.erofs, disk)
  await place(context, layout, `reference_${context.version}_verity`, usr.verity, disk)
  await place(context, layout, 'ESP', await buildEsp(context, layout, boot), disk)
  const skeleton = join(context.tree, 'usr/share/reference/root')
  await place(context, layout, 'ROOT', await buildExt4(context, layout, 'ROOT', skeleton), disk)
  const oem = join(context.work, 'oem')
  await mkdir(oem)
  await writeFile(join(oem, 'platform'), 'qemu\n')
  const label = ['-n', 'security.selinux', '-v', 'system_u:object_r:usr_t:s0']
  await run(context, 'setfattr', [...label, oem, join(oem, 'platform')])
  await place(context, layout, 'OEM', await buildExt4(context, layout, 'OEM', oem), disk)
  return layout
}

async function buildExt4(
  context: BuildContext,
  layout: DiskLayout,
  label: string,
  folder: string,
): Promise<string> {
  const file = join(context.work, `${label}.ext4`)
  await makeSparse(file, partitionOf(layout, label).sizeMiB)
  // Inode tables are zeroed here, in a sparse file, and not by a kernel thread of every machine that boots.
  const extended = `hash_seed=${uuidFor(`seed ${label}`)},lazy_itable_init=0,lazy_journal_init=0,nodiscard`
  await run(context, 'mkfs.ext4', [
    '-q',
    '-F',
    // Fits disks with sectors of either size, as all of the image's filesystems do.
    '-b',
    '4096',
    '-L',
    label,
    '-U',
    uuidFor(label),
    '-E',
    extended,
    '-d',
    folder,
    file,
  ])
  const lostAndFound = 'ea_set /lost+found security.selinux system_u:object_r:lost_found_t:s0'
  await run(context, 'debugfs', ['-w', '-R', lostAndFound, file])
  return file
}

async function buildEsp(context: BuildContext, layout: DiskLayout, boot: BootFiles): Promise<string> {
  const file = join(context.work, 'esp.vfat')
  await makeSparse(file, partitionOf(layout, 'ESP').sizeMiB)
  await run(context, 'mkfs.vfat', [
    '-F',
    '16',
    '-S',
    '4096',
    '-n',
    'ESP',
    '-i',
    '51b0aaaa',
    '--invariant',
    file,
  ])
  const { efi } = imageArchitectures[context.architecture]
  const env = { MTOOLS_SKIP_CHECK: '1' }
  const folders = ['EFI', 'EFI/BOOT', 'EFI/Linux', 'EFI/systemd', 'loader', 'loader/addons', 'loader/entries']
  await run(context, 'mmd', ['-i', file, ...folders.map((name) => `::${name}`)], { env })
  const loader = join(context.work, 'loader.conf')
  await writeFile(loader, 'timeout 0\n')
  const copies: readonly (readonly [string, string])[] = [
    [boot.bootLoader, `EFI/BOOT/BOOT${efi.toUpperCase()}.EFI`],
    [boot.bootLoader, `EFI/systemd/systemd-boot${efi}.efi`],
    [loader, 'loader/loader.conf'],
    // `+3`: three tries until it must have been blessed (systemd's boot counting).
    [boot.uki, `EFI/Linux/reference_${context.version}+3.efi`],
    [boot.firstBootAddon, 'loader/addons/first-boot.addon.efi'],
  ]
  for (const [from, to] of copies) await run(context, 'mcopy', ['-i', file, from, `::${to}`], { env })
  return file
}

async function place(
  context: BuildContext,
  layout: DiskLayout,
  label: string,
  file: string,
  disk: string,
): Promise<void> {
  const seek = partitionOf(layout, label).startMiB * 1024 * 1024
  await run(context, 'dd', [
    `if=${file}`,
    `of=${disk}`,
    'bs=64K',
    `seek=${seek}`,
    'oflag=seek_bytes',
    'conv=notrunc,sparse',
    'status=none',
  ])
}

function partitionOf(layout: DiskLayout, label: string): DiskLayout['partitions'][number] {
  const found = layout.partitions.find((partition) => partition.label === label)
  if (found === undefined)
    throw new InfraError(`the disk has no partition ${label}`, { code: 'image-layout' })
  return found
}

async function makeSparse(path: string, sizeMiB: number): Promise<void> {
  await writeFile(path, '')
  await truncate(path, sizeMiB * 1024 * 1024)
}
