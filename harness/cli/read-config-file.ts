// Ignition and Butane in files that the command line names.

import { readFile } from 'node:fs/promises'
import { UsageError, codeOf } from '../errors.ts'
import { readIgnition, validateIgnition, type IgnitionConfig } from '../ignition/index.ts'
import type { Image } from '../model.ts'
import type { DistroProfile } from '../profiles/index.ts'

/** Reads and validates one for the image. Throws UsageError, which names the file and the place in it. */
export async function readConfigFile(
  path: string,
  { profile, image }: { readonly profile: DistroProfile; readonly image: Image },
): Promise<IgnitionConfig> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new UsageError(`the config ${path} cannot be read: ${codeOf(error) ?? 'unknown error'}`, {
      code: 'config-unreadable',
    })
  })
  const config = await readIgnition(text, { name: path })
  await validateIgnition(config, { profile, imageVersion: image.identity.version, name: path })
  return config
}
