// Prepares what one machine boots from: overlay, extra disks, firmware variables, the Ignition file.

import { chmod, copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InfraError, messageOf } from '../../harness/errors.ts'
import type { MachineSpec } from '../../harness/machine.ts'
import type { DiskImage } from '../../harness/model.ts'
import {
  convertTo4096,
  copyVariables,
  createEmptyDisk,
  createOverlay,
  findFirmware,
  makeBootCd,
  makeNetworkFolder,
  PRIMARY_DISK_SERIAL,
  virtualSize,
  type BaseDiskFacts,
  type DiskConfig,
  type MachineFolders,
} from '../../qemu/index.ts'
import { cloneNotes } from './initrd-script.ts'
import type { Prepared } from './machine-config.ts'
import { firmwareOf } from './refuse.ts'

/** Where a machine's disks come from. */
export type StorageSource =
  /** New overlays over the image, in the machine's own folder. */
  | { readonly kind: 'image'; readonly base: BaseDiskFacts }
  /** The same, in the folder of the template that the machine is to become. */
  | {
      readonly kind: 'draft'
      readonly base: BaseDiskFacts
      readonly folder: string
      readonly prefix: string
    }
  /** Overlays over a template's disks. */
  | { readonly kind: 'template'; readonly folder: string; readonly prefix: string }
  /** The same, for one that is told in its initrd who it is. */
  | { readonly kind: 'initrd'; readonly folder: string; readonly prefix: string }
  /** Overlays over the disks of a saved machine. */
  | { readonly kind: 'saved'; readonly folder: string }

/** The firmware's variables, where files lie without a prefix. */
export const VARIABLES_FILE = 'efi-vars.fd'

/** The file of a machine's disk, by its place; 0 is the primary one. */
export function diskFile(index: number): string {
  return index === 0 ? 'primary.qcow2' : `extra-${index}.qcow2`
}

/** Writes all files of a machine into its folders. Throws InfraError when the host refuses (a full disk). */
export async function prepareStorage(...args: Parameters<typeof writeStorage>): Promise<Prepared> {
  try {
    return await writeStorage(...args)
  } catch (cause) {
    if (!isSystemError(cause)) throw cause
    throw new InfraError(`cannot write the machine's files: ${messageOf(cause)}`, {
      code: cause.code === 'ENOSPC' ? 'disk-full' : 'folder-not-writable',
      hint: 'free space with: signalbox gc, signalbox image prune; or name another place with SIGNALBOX_CACHE',
      cause,
    })
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}

async function writeStorage(
  spec: MachineSpec,
  image: DiskImage,
  source: StorageSource,
  folders: MachineFolders,
  signal: AbortSignal,
): Promise<Prepared> {
  const storage = source.kind === 'draft' ? source.folder : folders.storage
  const prefix = source.kind === 'image' || source.kind === 'saved' ? '' : source.prefix
  const primary = { serial: PRIMARY_DISK_SERIAL, sizeMiB: spec.primaryDiskMiB, ...spec.primaryDisk }
  const wanted = [primary, ...spec.disks]
  const disks = await Promise.all(
    wanted.map(async ({ sizeMiB, ...attached }, index): Promise<DiskConfig> => {
      const name = diskFile(index)
      const path = join(storage, source.kind === 'draft' ? `${prefix}${name}` : name)
      if (source.kind === 'template' || source.kind === 'initrd')
        await overlayTemplate(path, join(source.folder, `${prefix}${name}`))
      else if (source.kind === 'saved') await overlaySaved(path, join(source.folder, name), signal)
      else if (index === 0) {
        await createOverlay(path, { ...image.disk, ...source.base }, { sizeMiB, signal })
        if (attached.sectorSize === 4096)
          await convertTo4096(path, image.disk.path, await virtualSize(path, signal), signal)
      } else await createEmptyDisk(path, sizeMiB ?? 0, signal)
      return { path, format: 'qcow2', ...attached }
    }),
  )
  return {
    uuid: folders.uuid,
    disks,
    ignitionPath: await writePrivate('config.ign', spec.ignition, folders),
    clonePath:
      source.kind === 'initrd'
        ? await writePrivate('clone', cloneNotes(folders.uuid, spec.hostName), folders)
        : undefined,
    ...(await prepareMedia(spec, image, { ...folders, storage }, signal)),
    firmwareFiles: await prepareFirmware(spec, image, source, { ...folders, storage }, signal),
  }
}

// The empty overlay was made with the template: a copy costs a process less at every fork.
async function overlayTemplate(path: string, disk: string): Promise<void> {
  await copyFile(`${disk}.overlay`, path)
  await chmod(path, 0o600)
}

async function overlaySaved(path: string, disk: string, signal: AbortSignal): Promise<void> {
  const virtualBytes = await virtualSize(disk, signal)
  await createOverlay(path, { path: disk, format: 'qcow2', virtualBytes }, { signal })
}

// The config may hold passwords: only this user may read it.
async function writePrivate(
  name: string,
  text: string | undefined,
  folders: MachineFolders,
): Promise<string | undefined> {
  if (text === undefined) return undefined
  const path = join(folders.runtime, name)
  await writeFile(path, text, { mode: 0o600 })
  return path
}

async function prepareMedia(
  { bootOrder = [], architecture }: MachineSpec,
  { unifiedKernel }: DiskImage,
  { storage }: Pick<MachineFolders, 'storage'>,
  signal: AbortSignal,
): Promise<Pick<Prepared, 'cdrom' | 'networkBoot'>> {
  if (unifiedKernel === undefined) return {}
  const { path } = unifiedKernel
  const cdrom = join(storage, 'cdrom.iso')
  if (bootOrder.includes('cdrom')) await makeBootCd(cdrom, path, { architecture, scratch: storage, signal })
  return {
    ...(bootOrder.includes('cdrom') ? { cdrom } : {}),
    ...(bootOrder.includes('network')
      ? { networkBoot: await makeNetworkFolder(join(storage, 'tftp'), path) }
      : {}),
  }
}

async function prepareFirmware(
  spec: MachineSpec,
  image: DiskImage,
  source: StorageSource,
  folders: Pick<MachineFolders, 'storage'>,
  signal: AbortSignal,
): Promise<Prepared['firmwareFiles']> {
  const firmware = firmwareOf(spec, image)
  if (firmware !== 'uefi' && firmware !== 'uefi-secure') return undefined
  const files = findFirmware(spec.architecture, firmware)
  if (files === undefined) {
    throw new InfraError(`the ${firmware} firmware files are gone`, { code: 'firmware-missing' })
  }
  const name = source.kind === 'draft' ? `${source.prefix}${VARIABLES_FILE}` : VARIABLES_FILE
  const variablesPath = join(folders.storage, name)
  if (source.kind === 'template' || source.kind === 'initrd' || source.kind === 'saved') {
    const from = source.kind === 'saved' ? VARIABLES_FILE : `${source.prefix}${VARIABLES_FILE}`
    await copyFile(join(source.folder, from), variablesPath)
    await chmod(variablesPath, 0o600)
  } else await copyVariables(files, variablesPath, { certificate: image.certificate, signal })
  return { codePath: files.codePath, variablesPath }
}
