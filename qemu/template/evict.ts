// Keeps the templates of a place within its limit: the least recently used goes first, one in use stays, and what killed
// builders and removers left goes always.

import { lstat, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readLedger } from '../../harness/ledger.ts'
import { isInUse } from '../in-use.ts'
import { freeBytes, type TemplatePlace } from './place.ts'

/** One template's folder as it takes up room. */
export interface Occupant {
  readonly folder: string
  /** Really allocated: memory files are sparse. */
  readonly bytes: number
  readonly lastUsedMs: number
}

/** Makes room for `bytes` more, within the limit and what is free. False when that cannot be. */
export async function makeRoom(place: TemplatePlace, bytes: number): Promise<boolean> {
  if (bytes > place.limitBytes) return false
  await removeLeftovers(place)
  const oldestFirst = (await occupants(place)).toSorted((a, b) => a.lastUsedMs - b.lastUsedMs)
  let used = oldestFirst.reduce((sum, each) => sum + each.bytes, 0)
  const fits = async (): Promise<boolean> =>
    used + bytes <= place.limitBytes && (await freeBytes(place)) >= bytes
  for (const { folder, bytes: gained } of oldestFirst) {
    if (await fits()) return true
    if (await isInUse(folder)) continue
    await rm(folder, { recursive: true, force: true })
    used -= gained
  }
  return await fits()
}

/** What lies in a place, published or being built. */
export async function occupants({ folder: base }: TemplatePlace): Promise<readonly Occupant[]> {
  const names = (await readdir(base).catch(() => [])).filter((name) => /^[0-9a-f]{64}(\.|$)/.test(name))
  const found = await Promise.all(names.map(async (name) => await occupant(join(base, name))))
  return found.filter((each) => each !== undefined)
}

/** Removes drafts whose builder is dead and what an interrupted removal left; returns their folders. */
export async function removeLeftovers({ folder: base }: TemplatePlace): Promise<readonly string[]> {
  const alive = new Set(
    readLedger().flatMap(({ ownerAlive, data }) =>
      ownerAlive && typeof data['folder'] === 'string' ? [data['folder']] : [],
    ),
  )
  const names = (await readdir(base).catch(() => [])).filter((name) => /\.(draft|gone)$/.test(name))
  const dead = names.map((name) => join(base, name)).filter((folder) => !alive.has(folder))
  for (const folder of dead) await rm(folder, { recursive: true, force: true })
  return dead
}

async function occupant(folder: string): Promise<Occupant | undefined> {
  try {
    const stats = await lstat(folder)
    if (!stats.isDirectory()) return undefined
    const files = await readdir(folder)
    const sizes = await Promise.all(files.map(async (name) => (await stat(join(folder, name))).blocks * 512))
    return { folder, bytes: sizes.reduce((sum, size) => sum + size, 0), lastUsedMs: stats.mtimeMs }
  } catch {
    // Removed by another process in between.
    return undefined
  }
}
