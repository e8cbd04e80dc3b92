// What templates there are, for people: by place with the room they take, what is wrong with each, and of what none can
// be made. Looks only.

import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { occupants } from './evict.ts'
import { freeBytes, templatePlaces, type TemplatePlace } from './place.ts'
import { readRefusal, type Refusal, type TemplateRecord } from './record.ts'
import { listTemplates } from './store.ts'

/** A template that can be forked, or could once. */
export interface TemplateEntry {
  /** The beginning of its key, as events and messages show it. */
  readonly id: string
  readonly record: TemplateRecord
  readonly place: TemplatePlace
  readonly folder: string
  readonly bytes: number
  readonly lastUsedMs: number
  /** Why it must not be used any more, seen from outside; undefined when nothing shows. */
  readonly damage: string | undefined
}

/** A folder that holds no template: of another version, or one that is being built. */
export interface OtherFolder {
  readonly folder: string
  readonly bytes: number
  readonly what: 'being made' | 'not of this version'
}

export interface PlaceUse {
  readonly place: TemplatePlace
  readonly usedBytes: number
  /** Undefined while the folder is not there. */
  readonly freeBytes: number | undefined
}

export interface TemplateInventory {
  readonly places: readonly PlaceUse[]
  /** The last used first. */
  readonly templates: readonly TemplateEntry[]
  readonly others: readonly OtherFolder[]
  readonly refusals: readonly (Refusal & { readonly id: string })[]
}

const ID_LENGTH = 12

/** Looks at all places of this user. */
export async function takeInventory(
  places: readonly TemplatePlace[] = templatePlaces(),
): Promise<TemplateInventory> {
  const perPlace = await Promise.all(places.map(async (place) => await lookAt(place)))
  return {
    places: perPlace.map(({ use }) => use),
    templates: perPlace.flatMap(({ templates }) => templates).toSorted((a, b) => b.lastUsedMs - a.lastUsedMs),
    others: perPlace.flatMap(({ others }) => others),
    refusals: perPlace.flatMap(({ refusals }) => refusals),
  }
}

async function lookAt(place: TemplatePlace): Promise<{
  readonly use: PlaceUse
  readonly templates: readonly TemplateEntry[]
  readonly others: readonly OtherFolder[]
  readonly refusals: TemplateInventory['refusals']
}> {
  const found = await occupants(place)
  const stored = new Map((await listTemplates([place])).map((template) => [template.folder, template]))
  const templates = await Promise.all(
    found.map(async ({ folder, bytes, lastUsedMs }): Promise<TemplateEntry | undefined> => {
      const template = stored.get(folder)
      if (template === undefined) return undefined
      const { record } = template
      const id = record.key.slice(0, ID_LENGTH)
      return { id, record, place, folder, bytes, lastUsedMs, damage: await template.damage() }
    }),
  )
  return {
    use: {
      place,
      usedBytes: found.reduce((sum, { bytes }) => sum + bytes, 0),
      freeBytes: await roomIn(place),
    },
    templates: templates.filter((entry) => entry !== undefined),
    others: found
      .filter(({ folder }) => !stored.has(folder))
      .map(({ folder, bytes }) => ({
        folder,
        bytes,
        what: basename(folder).endsWith('.draft') ? 'being made' : 'not of this version',
      })),
    refusals: await refusalsIn(place),
  }
}

// Before the first template the folder is not there, but the room is.
async function roomIn(place: TemplatePlace): Promise<number | undefined> {
  let { folder } = place
  while (!existsSync(folder)) {
    if (dirname(folder) === folder) return undefined
    folder = dirname(folder)
  }
  return await freeBytes({ ...place, folder })
}

async function refusalsIn({ folder }: TemplatePlace): Promise<TemplateInventory['refusals']> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.refused'))
  const found = await Promise.all(
    names.map(async (name) => {
      const refusal = await readRefusal(join(folder, name))
      return refusal === undefined ? undefined : { ...refusal, id: name.slice(0, ID_LENGTH) }
    }),
  )
  return found.filter((refusal) => refusal !== undefined)
}
