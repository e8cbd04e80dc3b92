// Prepares what one machine boots from: overlay, extra disks, firmware variables, the Ignition file.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InfraError, messageOf } from '../../harness/errors.ts'
import type { MachineSpec } from '../../harness/machine.ts'
import type { Image } from '../../harness/model.ts'
import {
  copyVariables,
  createEmptyDisk,
  createOverlay,
  findFirmware,
  PRIMARY_DISK_SERIAL,
  type BaseDiskFacts,
  type DiskConfig,
  type MachineFolders,
} from '../../qemu/index.ts'
import type { Prepared } from './machine-config.ts'
import { firmwareOf } from './refuse.ts'

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
  image: Image,
  base: BaseDiskFacts,
  folders: MachineFolders,
  signal: AbortSignal,
): Promise<Prepared> {
  const primary = join(folders.storage, 'primary.qcow2')
  await createOverlay(primary, { ...image.disk, ...base }, { sizeMiB: spec.primaryDiskMiB, signal })
  const disks: DiskConfig[] = [{ path: primary, format: 'qcow2', serial: PRIMARY_DISK_SERIAL }]
  for (const { serial, sizeMiB } of spec.disks) {
    const path = join(folders.storage, `extra-${disks.length}.qcow2`)
    await createEmptyDisk(path, sizeMiB, signal)
    disks.push({ path, format: 'qcow2', serial })
  }
  return {
    uuid: folders.uuid,
    disks,
    ignitionPath: await writeIgnition(spec.ignition, folders),
    firmwareFiles: await prepareFirmware(spec, image, folders),
  }
}

// The config may hold passwords: only this user may read it.
async function writeIgnition(
  config: string | undefined,
  folders: MachineFolders,
): Promise<string | undefined> {
  if (config === undefined) return undefined
  const path = join(folders.runtime, 'config.ign')
  await writeFile(path, config, { mode: 0o600 })
  return path
}

async function prepareFirmware(
  spec: MachineSpec,
  image: Image,
  folders: MachineFolders,
): Promise<Prepared['firmwareFiles']> {
  const firmware = firmwareOf(spec, image)
  if (firmware !== 'uefi' && firmware !== 'uefi-secure') return undefined
  const files = findFirmware(spec.architecture, firmware)
  if (files === undefined) {
    throw new InfraError(`the ${firmware} firmware files are gone`, { code: 'firmware-missing' })
  }
  const variablesPath = join(folders.storage, 'efi-vars.fd')
  await copyVariables(files, variablesPath)
  return { codePath: files.codePath, variablesPath }
}
