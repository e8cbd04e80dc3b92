// Builds of one cache, one after the other, each in a scratch folder beside the entries. What a killed one left goes with the
// next, or with what reaps (`gc`, the beginning of a run).

import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { BUILD_FOLDER, BUILD_KIND, recordInLedger } from '../../harness/ledger.ts'
import type { Architecture } from '../../harness/model.ts'
import { acquireLock, type LockOptions } from '../lock.ts'
import { requireBuildHost } from './build-host.ts'
import { enableForeign } from './foreign.ts'

/** Takes the builders' lock of a cache: whoever has it knows that a scratch folder belongs to nobody. */
export async function lockBuilds(cache: string, options: LockOptions = {}): Promise<AsyncDisposable> {
  return await acquireLock(join(cache, '.build.lock'), options)
}

/** Removes what killed builds left, under the builders' lock; returns the folders. */
export async function removeScratch(cache: string): Promise<readonly string[]> {
  const names = (await readdir(cache).catch(() => [])).filter((name) => name.startsWith(BUILD_FOLDER))
  const left = names.map((name) => join(cache, name))
  for (const path of left) await rm(path, { recursive: true, force: true, maxRetries: 3 })
  return left
}

export interface Building extends AsyncDisposable {
  /** Makes the scratch folder, which goes with the building, and has programs of the architecture run here. Once. */
  begin(): Promise<string>
}

export interface BuildingOptions {
  readonly cache: string
  readonly architecture: Architecture
  readonly signal: AbortSignal | undefined
  /** Told when another build comes first. */
  readonly onWait: (line: string) => void
}

/**
 * Waits until no other build of the cache is under way: what was wanted may be there then. Throws InfraError (no root, a missing
 * tool), and what the signal was aborted with.
 */
export async function waitToBuild({
  cache,
  architecture,
  signal,
  onWait,
}: BuildingOptions): Promise<Building> {
  await requireBuildHost(architecture)
  const cleanup = new AsyncDisposableStack()
  cleanup.use(
    await lockBuilds(cache, {
      signal,
      onWait: ({ pid }) => onWait(`process ${pid} is building; waiting for it`),
    }),
  )
  return {
    async begin() {
      await removeScratch(cache)
      const name = randomBytes(4).toString('hex')
      const work = join(cache, `${BUILD_FOLDER}${name}`)
      cleanup.use(recordInLedger(BUILD_KIND, `${BUILD_KIND}-${name}`, { folder: work }))
      await mkdir(work, { mode: 0o700 })
      cleanup.defer(async () => await rm(work, { recursive: true, force: true, maxRetries: 3 }))
      cleanup.use(await enableForeign(architecture, signal))
      return work
    },
    async [Symbol.asyncDispose]() {
      await cleanup.disposeAsync()
    },
  }
}
