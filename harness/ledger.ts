// The ledger: what a process is about to create is written down before it is created, so that a later process can
// remove what a killed one left. One small file an entry; writing and removing are atomic.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runtimeFolder } from './folders.ts'
import { identifyProcess, isAlive, type ProcessIdentity } from './process.ts'

/** One thing that must not outlive its owner. `data` is for whoever knows the kind. */
export interface LedgerEntry {
  readonly kind: string
  readonly id: string
  readonly owner: ProcessIdentity
  readonly data: Readonly<Record<string, string | number>>
}

/** The kind of a folder that is of use only while its owner lives: `data` holds `folder`, which is named like its entry. */
export const SCRATCH_KIND = 'scratch'

/** The kind of a folder into which a failed machine is being saved, beside its results: `data` holds `folder`. */
export const SAVING_KIND = 'saving'

/** The name of such a folder until the machine in it is whole. */
export const SAVING_FOLDER = 'saved.draft'

/** The kind of the scratch folder of an image build: `data` holds `folder`. */
export const BUILD_KIND = 'build'

/** What such a folder's name begins with; then come the 8 hex digits of its entry. */
export const BUILD_FOLDER = '.building-'

const folder = (): string => join(runtimeFolder(), 'ledger')

/** Writes an entry owned by this process (or by `owner`, for what is handed over); dispose it when the thing is gone. */
export function recordInLedger(
  kind: string,
  id: string,
  data: LedgerEntry['data'],
  owner: ProcessIdentity | undefined = identifyProcess(process.pid),
): Disposable {
  if (owner === undefined) throw new Error('the ledger needs /proc')
  mkdirSync(folder(), { recursive: true, mode: 0o700 })
  const path = join(folder(), `${id}.json`)
  const entry: LedgerEntry = { kind, id, owner, data }
  writeFileSync(`${path}.new`, JSON.stringify(entry), { mode: 0o600 })
  renameSync(`${path}.new`, path)
  return {
    [Symbol.dispose]() {
      rmSync(path, { force: true })
    },
  }
}

/** All entries, with whether their owner still lives. Unreadable files are left for the next look. */
export function readLedger(): readonly (LedgerEntry & { readonly ownerAlive: boolean })[] {
  let names: string[]
  try {
    names = readdirSync(folder()).filter((name) => name.endsWith('.json'))
  } catch {
    return []
  }
  return names.flatMap((name) => {
    try {
      const entry = JSON.parse(readFileSync(join(folder(), name), 'utf8')) as LedgerEntry
      return [{ ...entry, ownerAlive: isAlive(entry.owner) }]
    } catch {
      return []
    }
  })
}

/** Forgets an entry after its thing was removed. */
export function strikeFromLedger(id: string): void {
  rmSync(join(folder(), `${id}.json`), { force: true })
}
