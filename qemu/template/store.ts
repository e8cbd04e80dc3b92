// The templates of this user: found by key, built by one process at a time, published whole or not at all, dropped when
// anything about their files is not as it was. Machines know nothing of it; it knows nothing of machines.

import { chmod, mkdir, readdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { messageOf } from '../../harness/errors.ts'
import { recordInLedger } from '../../harness/ledger.ts'
import { inwardDamage, outwardDamage, sealFile } from '../../harness/file-checksum.ts'
import { acquireLock } from '../lock.ts'
import { dropFolder, makeRoom } from './evict.ts'
import { preparePlace, templatePlaces, type TemplatePlace } from './place.ts'
import {
  readRecord,
  readRefusal,
  RECORD_VERSION,
  writeRecord,
  type Refusal,
  type TemplateRecord,
} from './record.ts'

/** The ledger's kind for a template that is being built: `data` holds `folder`. */
export const DRAFT_KIND = 'template'

/** A published template. Its files are read-only. */
export interface StoredTemplate {
  readonly folder: string
  readonly record: TemplateRecord
  /** Why it must not be used any more, seen from outside; undefined when nothing shows. Cheap: asked at every fork. */
  damage(): Promise<string | undefined>
  /** The same by reading every byte. */
  verify(signal?: AbortSignal): Promise<string | undefined>
  /** Removes it. Machines forked from it go on. */
  drop(): Promise<void>
}

/** A template being built under the key's lock. Disposing gives the lock back and removes what was not published. */
export interface TemplateDraft extends AsyncDisposable {
  readonly folder: string
  /** Where the folder will be once it is published. */
  readonly finalFolder: string
  /** Seals every file in the folder and publishes it. */
  publish(facts: TemplateRecord['facts'], notes: TemplateRecord['notes']): Promise<StoredTemplate>
  /** Remembers that no template can be made of this key; until `signalbox template prune`. */
  refuse(reason: string, facts?: TemplateRecord['facts']): Promise<void>
}

export type Claim =
  | { readonly kind: 'template'; readonly template: StoredTemplate }
  | { readonly kind: 'draft'; readonly draft: TemplateDraft }
  /** No template can be had now, and why; boot instead. */
  | { readonly kind: 'none'; readonly reason: string }

export interface ClaimOptions {
  readonly key: string
  /** What building it may take at the most. */
  readonly bytes: number
  readonly signal?: AbortSignal | undefined
  /** Called once when another process builds it already. */
  readonly onWait?: () => void
  readonly places?: readonly TemplatePlace[]
}

/** Finds the key's template, waits for whoever builds it, or hands out the right to build it. */
export async function claimTemplate(options: ClaimOptions): Promise<Claim> {
  const { key, bytes, signal, onWait } = options
  const { places, reason } = await usablePlaces(options.places ?? templatePlaces())
  const known = await findTemplate(key, places)
  if (known !== undefined) return known
  const [lockPlace] = places.toReversed()
  if (lockPlace === undefined) return { kind: 'none', reason }
  await using undo = new AsyncDisposableStack()
  undo.use(
    await acquireLock(join(lockPlace.folder, `${key}.lock`), { signal, ...(onWait ? { onWait } : {}) }),
  )
  const meanwhile = await findTemplate(key, places)
  if (meanwhile !== undefined) return meanwhile
  for (const place of places) {
    if (!(await makeRoom(place, bytes))) continue
    const id = randomBytes(4).toString('hex')
    const folder = join(place.folder, `${key}.${id}.draft`)
    undo.use(recordInLedger(DRAFT_KIND, `${DRAFT_KIND}-${key.slice(0, 16)}-${id}`, { folder, bytes }))
    undo.defer(async () => await removeTree(folder))
    await mkdir(folder, { mode: 0o700 })
    return { kind: 'draft', draft: openDraft(key, place, folder, undo.move()) }
  }
  return { kind: 'none', reason: `no room for ${Math.ceil(bytes / 1024 / 1024)} MiB of template` }
}

/** The key's template or its refusal, as `claimTemplate` would find them now; changes nothing. */
export async function lookForTemplate(
  key: string,
  places: readonly TemplatePlace[] = templatePlaces(),
): Promise<Exclude<Claim, { kind: 'draft' }> | { readonly kind: 'absent' }> {
  for (const { folder: base } of places) {
    const folder = join(base, key)
    const record = await readRecord(folder, key)
    const template = record === undefined ? undefined : storedTemplate(folder, record)
    if (template !== undefined && (await template.damage()) === undefined)
      return { kind: 'template', template }
  }
  return (await findRefusal(key, places)) ?? { kind: 'absent' }
}

/** Every template there is, also of other versions of this tool (without a record). */
export async function listTemplates(
  places: readonly TemplatePlace[] = templatePlaces(),
): Promise<readonly (StoredTemplate & { readonly place: TemplatePlace })[]> {
  const found = await Promise.all(
    places.map(async (place) => {
      const names = await readdir(place.folder).catch(() => [])
      const folders = names.filter((name) => KEY.test(name)).map((name) => join(place.folder, name))
      return await Promise.all(
        folders.map(async (folder) => {
          const record = await readRecord(folder)
          return record === undefined ? undefined : { ...storedTemplate(folder, record), place }
        }),
      )
    }),
  )
  return found.flat().filter((template) => template !== undefined)
}

const KEY = /^[0-9a-f]{64}$/

async function usablePlaces(
  all: readonly TemplatePlace[],
): Promise<{ readonly places: readonly TemplatePlace[]; readonly reason: string }> {
  const places: TemplatePlace[] = []
  let reason = 'there is no place for templates'
  for (const place of all) {
    try {
      await preparePlace(place)
      places.push(place)
    } catch (error) {
      reason = messageOf(error)
    }
  }
  return { places, reason }
}

async function findTemplate(key: string, places: readonly TemplatePlace[]): Promise<Claim | undefined> {
  for (const { folder: base } of places) {
    const folder = join(base, key)
    const record = await readRecord(folder, key)
    if (record === undefined) {
      // Of another version, or damaged: it would be in the way of the next one.
      await dropFolder(folder)
      continue
    }
    const template = storedTemplate(folder, record)
    if ((await template.damage()) !== undefined) {
      await template.drop()
      continue
    }
    // The time of last use, for the eviction.
    const now = new Date()
    await utimes(folder, now, now).catch(() => undefined)
    return { kind: 'template', template }
  }
  return await findRefusal(key, places)
}

async function findRefusal(
  key: string,
  places: readonly TemplatePlace[],
): Promise<Extract<Claim, { kind: 'none' }> | undefined> {
  for (const { folder } of places) {
    const refusal = await readRefusal(join(folder, `${key}.refused`))
    if (refusal !== undefined) return { kind: 'none', reason: refusal.reason }
  }
  return undefined
}

function storedTemplate(folder: string, record: TemplateRecord): StoredTemplate {
  const ask = async (
    question: (path: string, seal: TemplateRecord['files'][string]) => Promise<string | undefined>,
  ): Promise<string | undefined> => {
    for (const [name, seal] of Object.entries(record.files)) {
      const damage = await question(join(folder, name), seal)
      if (damage !== undefined) return `${name}: ${damage}`
    }
    return undefined
  }
  return {
    folder,
    record,
    damage: async () => await ask(outwardDamage),
    verify: async (signal) =>
      (await ask(outwardDamage)) ?? (await ask(async (path, seal) => await inwardDamage(path, seal, signal))),
    drop: async () => await dropFolder(folder),
  }
}

function openDraft(
  key: string,
  place: TemplatePlace,
  folder: string,
  owned: AsyncDisposableStack,
): TemplateDraft {
  const finalFolder = join(place.folder, key)
  return {
    folder,
    finalFolder,
    async publish(facts, notes) {
      const names = (await readdir(folder)).toSorted()
      const seals = await Promise.all(
        names.map(async (name) => {
          const path = join(folder, name)
          // Before the seal, because it changes the file's times.
          await chmod(path, 0o400)
          return [name, await sealFile(path)] as const
        }),
      )
      const createdAt = new Date().toISOString()
      const files = Object.fromEntries(seals)
      const record: TemplateRecord = { version: RECORD_VERSION, key, facts, createdAt, notes, files }
      await writeRecord(folder, record)
      await rename(folder, finalFolder)
      return storedTemplate(finalFolder, record)
    },
    async refuse(reason, facts = {}) {
      const refusal: Refusal = { reason, facts, at: new Date().toISOString() }
      await writeFile(join(place.folder, `${key}.refused`), JSON.stringify(refusal), { mode: 0o600 })
    },
    [Symbol.asyncDispose]: async () => await owned.disposeAsync(),
  }
}

async function removeTree(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}
