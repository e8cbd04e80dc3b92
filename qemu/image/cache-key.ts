// The cache key of an image: a digest over the recipe's data and files and over what is asked of it. The package versions
// of the day are not part of it; they are recorded in the image.

import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Architecture } from '../../harness/model.ts'
import { imageArchitectures } from './architectures.ts'
import { flavours, type FlavourName } from './flavours.ts'
import { recipeFolder } from './recipe.ts'
import * as recipe from './recipe.ts'
import * as trim from './trim.ts'
import * as units from './units.ts'
import { usrVariants, type UsrVariantName } from './variants.ts'

export interface ImageQuery {
  readonly version: string
  readonly channel: string
  readonly architecture: Architecture
  readonly variant?: UsrVariantName | undefined
  readonly flavour?: FlavourName | undefined
}

/** The key as hex, 20 digits: enough for a folder name. */
export async function imageKey(query: ImageQuery, folder: string = recipeFolder): Promise<string> {
  const { recipeFolder: _here, ...data } = recipe
  const hash = createHash('sha256')
  const { architecture } = query
  const built = [data, imageArchitectures[architecture], trim, units].map(byName)
  hash.update(JSON.stringify([...built, query.version, query.channel, architecture]))
  if (query.variant !== undefined) hash.update(JSON.stringify([query.variant, usrVariants[query.variant]]))
  if (query.flavour !== undefined) hash.update(JSON.stringify([query.flavour, flavours[query.flavour]]))
  for (const name of (await readdir(folder, { recursive: true })).toSorted()) {
    const path = join(folder, name)
    const found = await stat(path)
    if (!found.isFile()) continue
    // The executable bit is content as well: a script without it does not run in the guest.
    hash.update(`\0${name}\0${(found.mode & 0o100) === 0 ? '-' : 'x'}\0`)
    hash.update(await readFile(path))
  }
  return hash.digest('hex').slice(0, 20)
}

/** Which order a module's exports have depends on who loads it: Node sorts them, Vitest does not. */
function byName(data: object): object {
  return Object.fromEntries(Object.entries(data).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}
