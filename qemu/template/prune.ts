// Removing templates by hand: those that are damaged or of an older version of this tool, and on demand all.

import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isInUse } from '../in-use.ts'
import { dropFolder, occupants, removeLeftovers } from './evict.ts'
import { templatePlaces, type TemplatePlace } from './place.ts'
import { listTemplates } from './store.ts'

export interface PrunedTemplate {
  readonly folder: string
  readonly bytes: number
  readonly why: string
}

/**
 * Removes left-over drafts, damaged templates and refusals; with `all` every template that no machine uses. Returns
 * what was removed.
 */
export async function pruneTemplates(
  options: { readonly all?: boolean; readonly places?: readonly TemplatePlace[] } = {},
): Promise<readonly PrunedTemplate[]> {
  const { all = false, places = templatePlaces() } = options
  const pruned: PrunedTemplate[] = []
  for (const place of places) {
    for (const folder of await removeLeftovers(place))
      pruned.push({ folder, bytes: 0, why: 'its builder was killed' })
    const found = await occupants(place)
    // Listed afterwards: what is published meanwhile is not taken for damaged.
    const templates = await listTemplates([place])
    for (const { folder, bytes } of found) {
      const template = templates.find((each) => each.folder === folder)
      const why =
        template === undefined
          ? 'not of this version'
          : ((await template.verify()) ?? (all ? 'all' : undefined))
      if (why === undefined || folder.endsWith('.draft') || (await isInUse(folder))) continue
      await dropFolder(folder)
      pruned.push({ folder, bytes, why })
    }
    for (const name of await readdir(place.folder).catch(() => [])) {
      if (!name.endsWith('.refused')) continue
      await rm(join(place.folder, name), { force: true })
      pruned.push({ folder: join(place.folder, name), bytes: 0, why: 'it will be tried again' })
    }
  }
  return pruned
}
