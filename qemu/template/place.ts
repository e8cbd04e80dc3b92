// Where templates lie: in memory (tmpfs) where there is room, else in the cache folder on disk. Both are bounded.

import { mkdir, lstat, statfs } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { InfraError } from '../../harness/errors.ts'
import { cacheFolder } from '../../harness/folders.ts'

/** A folder that holds templates, and how many bytes all of them together may take there. */
export interface TemplatePlace {
  readonly kind: 'memory' | 'disk'
  readonly folder: string
  readonly limitBytes: number
}

const MEBIBYTE = 1024 * 1024

/**
 * The places of this user, the preferred one first. `SIGNALBOX_TEMPLATES` names another folder instead of both,
 * `SIGNALBOX_TEMPLATE_MIB` another limit for each: by default a quarter of the host's memory and 8 GiB of disk.
 */
export function templatePlaces(env: NodeJS.ProcessEnv = process.env): readonly TemplatePlace[] {
  const limitMiB = Number(env['SIGNALBOX_TEMPLATE_MIB'] ?? Number.NaN)
  const limit = (usual: number): number => (limitMiB > 0 ? limitMiB * MEBIBYTE : usual)
  const disk: TemplatePlace = {
    kind: 'disk',
    folder: join(cacheFolder(env), 'templates'),
    limitBytes: limit(8192 * MEBIBYTE),
  }
  if (env['SIGNALBOX_TEMPLATES']) return [{ ...disk, folder: env['SIGNALBOX_TEMPLATES'] }]
  const folder = `/dev/shm/signalbox-${process.getuid?.() ?? 0}/templates`
  return [{ kind: 'memory', folder, limitBytes: limit(totalmem() / 4) }, disk]
}

/** Makes the folder, private to this user. Throws InfraError when it belongs to somebody else: /dev/shm is shared. */
export async function preparePlace({ kind, folder }: TemplatePlace): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // Who owns the folder above it could put another one in its place.
  for (const each of kind === 'memory' ? [dirname(folder), folder] : [folder]) {
    const stats = await lstat(each)
    if (stats.isDirectory() && (process.getuid === undefined || stats.uid === process.getuid())) continue
    throw new InfraError(`${each} is not a folder of this user`, {
      code: 'folder-not-ours',
      hint: 'remove it, or name another place with SIGNALBOX_TEMPLATES',
    })
  }
}

/** How many more bytes can be written there now; what lies in memory must leave the host some. */
export async function freeBytes({ kind, folder }: TemplatePlace): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  return kind === 'memory' ? Math.min(free, process.availableMemory() - 1024 * MEBIBYTE) : free
}
