// Keeps the templates of a place within its limit: the least recently used goes first, one in use stays, and what killed
// builders and removers left goes always.

import { randomBytes } from 'node:crypto'
import { lstat, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../../harness/errors.ts'
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
  const drafts = liveDrafts()
  // What the drafts of others will still take is taken.
  const ahead = sum(oldestFirst.map((each) => Math.max(0, (drafts.get(each.folder) ?? 0) - each.bytes)))
  let used = sum(oldestFirst.map((each) => each.bytes)) + ahead
  const fits = async (): Promise<boolean> =>
    used + bytes <= place.limitBytes && (await freeBytes(place)) >= bytes + ahead
  for (const { folder, bytes: gained } of oldestFirst) {
    if (await fits()) return true
    if (folder.endsWith('.draft') || (await isInUse(folder))) continue
    await dropFolder(folder)
    used -= gained
  }
  return await fits()
}

/** Removes a template's folder at once: nobody finds half of it. */
export async function dropFolder(folder: string): Promise<void> {
  const aside = `${folder}.${randomBytes(4).toString('hex')}.gone`
  try {
    await rename(folder, aside)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return
    throw error
  }
  await rm(aside, { recursive: true, force: true })
}

/** What lies in a place, published or being built. */
export async function occupants({ folder: base }: TemplatePlace): Promise<readonly Occupant[]> {
  const names = (await readdir(base).catch(() => [])).filter((name) => FOLDER.test(name))
  const found = await Promise.all(names.map(async (name) => await occupant(join(base, name))))
  return found.filter((each) => each !== undefined)
}

/** Removes drafts whose builder is dead and what an interrupted removal left; returns their folders. */
export async function removeLeftovers({ folder: base }: TemplatePlace): Promise<readonly string[]> {
  const names = (await readdir(base).catch(() => [])).filter((name) => /\.(draft|gone)$/.test(name))
  // Read after the names: a draft is in the ledger before it is there.
  const alive = liveDrafts()
  const dead: string[] = []
  for (const folder of names.map((name) => join(base, name))) {
    // A builder with another runtime folder has a ledger of its own.
    if (alive.has(folder) || (folder.endsWith('.draft') && (await isInUse(folder)))) continue
    await rm(folder, { recursive: true, force: true })
    dead.push(folder)
  }
  return dead
}

/** `<key>`, `<key>.<random>.draft`, `<key>.<random>.gone`. */
const FOLDER = /^[0-9a-f]{64}(\.[0-9a-f]{8}\.(draft|gone))?$/

/** The folders of living builders, and how many bytes each may take in the end. */
function liveDrafts(): ReadonlyMap<string, number> {
  return new Map(
    readLedger().flatMap(({ ownerAlive, data: { folder, bytes } }) =>
      ownerAlive && typeof folder === 'string' ? [[folder, Number(bytes ?? 0)] as const] : [],
    ),
  )
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

async function occupant(folder: string): Promise<Occupant | undefined> {
  try {
    const stats = await lstat(folder)
    if (!stats.isDirectory()) return undefined
    const files = await readdir(folder)
    const sizes = await Promise.all(files.map(async (name) => (await stat(join(folder, name))).blocks * 512))
    return { folder, bytes: sum(sizes), lastUsedMs: stats.mtimeMs }
  } catch {
    // Removed by another process in between.
    return undefined
  }
}
