// The platforms there are, by name. Each is loaded only when it is used.

import { UsageError } from '../harness/errors.ts'
import type { Platform } from '../harness/machine.ts'
import { didYouMean } from '../harness/nearest.ts'

/** Name to loader; the names are what `--platform` takes. */
export const platforms: ReadonlyMap<string, () => Promise<Platform>> = new Map([
  ['qemu', async () => (await import('./qemu/index.ts')).qemuPlatform],
  ['aws', async () => (await import('./aws/index.ts')).awsPlatform],
  ['external', async () => (await import('./external/index.ts')).externalPlatform],
  ['fake', async () => (await import('./fake/index.ts')).fakePlatform()],
])

/** Loads a platform; an unknown name is a UsageError with the nearest. */
export async function loadPlatform(name: string): Promise<Platform> {
  const load = platforms.get(name)
  if (load !== undefined) return await load()
  throw new UsageError(`there is no platform "${name}"`, {
    code: 'unknown-platform',
    hint: didYouMean(name, platforms.keys()),
  })
}
