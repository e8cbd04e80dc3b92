// A folder for as long as a command lasts, or a machine that it left running. It is in the ledger before it exists, so
// that gc removes what a killed command leaves.

import { randomBytes } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '../folders.ts'
import { recordInLedger, SCRATCH_KIND, strikeFromLedger } from '../ledger.ts'
import { identifyProcess } from '../process.ts'

export interface ScratchFolder extends AsyncDisposable {
  readonly path: string
  /** Lets it last as long as that process; disposing then does nothing. */
  handOver(pid: number): void
}

/** Makes one below the cache, private. */
export async function openScratchFolder(): Promise<ScratchFolder> {
  const id = `${SCRATCH_KIND}-${randomBytes(4).toString('hex')}`
  const path = join(cacheFolder(), 'scratch', id)
  recordInLedger(SCRATCH_KIND, id, { folder: path })
  await mkdir(path, { recursive: true, mode: 0o700 })
  let ours = true
  return {
    path,
    handOver(pid) {
      const owner = identifyProcess(pid)
      if (owner === undefined) return
      recordInLedger(SCRATCH_KIND, id, { folder: path, detached: 1 }, owner)
      ours = false
    },
    async [Symbol.asyncDispose]() {
      if (!ours) return
      await rm(path, { recursive: true, force: true })
      strikeFromLedger(id)
    },
  }
}
