// The image cache: what is in it, and removing what is old. An image that a machine still uses is never removed.

import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../../harness/errors.ts'
import { lockBuilds, removeScratch } from './building.ts'
import { readBuiltImage, type BuiltImage } from './built-image.ts'
import { defaultImageCache } from './build.ts'
import { isInUse } from '../in-use.ts'
import { PAYLOADS } from './payload.ts'

export interface PruneOptions {
  readonly cache?: string
  /** Keeps this many of the newest images of each architecture; default 2. */
  readonly keep?: number
  /** Removes exactly the images with these keys instead. */
  readonly keys?: readonly string[]
}

/** The complete images of a cache, the newest first. Broken folders are left out. */
export async function listImages(cache: string = defaultImageCache()): Promise<readonly BuiltImage[]> {
  const names = await readdir(cache).catch(() => [])
  const folders = names.filter((name) => !name.startsWith('.')).map((name) => join(cache, name))
  const images = await Promise.all(folders.map((folder) => readBuiltImage(folder).catch(() => undefined)))
  return images
    .filter((image) => image !== undefined)
    .toSorted((a, b) => b.builtAt.getTime() - a.builtAt.getTime())
}

/** Removes images and what killed builds left; returns the removed folders. An image in use stays. */
export async function pruneImages(options: PruneOptions = {}): Promise<readonly string[]> {
  const { cache = defaultImageCache(), keep = 2, keys } = options
  const images = await listImages(cache)
  const unknown = keys?.filter((key) => !images.some((image) => image.key === key)) ?? []
  if (unknown.length > 0) {
    throw new UsageError(`no image with the key ${unknown.join(', ')}`, {
      code: 'unknown-image',
      hint: `there are: ${images.map((image) => image.key).join(', ') || 'none'}`,
    })
  }
  await using _lock = await lockBuilds(cache)
  const doomed =
    keys === undefined ? allBut(keep, images) : images.filter((image) => keys.includes(image.key))
  const removed: string[] = []
  for (const { folder } of doomed) {
    if (await isInUse(folder)) continue
    await rm(folder, { recursive: true, force: true })
    removed.push(folder)
  }
  removed.push(...(await removeScratch(cache)))
  const kept = await listImages(cache)
  for (const name of await readdir(join(cache, PAYLOADS)).catch(() => [])) {
    // Named by the key of the image that they are made of.
    const path = join(cache, PAYLOADS, name)
    if (kept.some(({ key }) => name.startsWith(`${key}-`)) || (await isInUse(path))) continue
    await rm(path, { recursive: true, force: true })
    removed.push(path)
  }
  return removed
}

/** What is left of each architecture after its newest. */
function allBut(keep: number, images: readonly BuiltImage[]): readonly BuiltImage[] {
  const of = Object.groupBy(images, ({ image }) => image.identity.architecture)
  return Object.values(of).flatMap((some) => some.slice(keep))
}
