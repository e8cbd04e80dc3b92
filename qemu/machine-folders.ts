// Where one machine's files live: a short runtime folder (socket paths are limited to 107 bytes) and a storage folder
// on disk for what may grow. Both are in the ledger before they exist, so that `gc` finds them after a SIGKILL.

import { randomBytes, randomUUID } from 'node:crypto'
import { lstat, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, InfraError } from '../harness/errors.ts'
import { cacheFolder, runtimeFolder } from '../harness/folders.ts'
import { recordInLedger, type LedgerEntry } from '../harness/ledger.ts'
import { identifyProcess } from '../harness/process.ts'

/** The ledger's kind for a machine: `data` holds `uuid`, `runtime`, `storage`, and `detached: 1` after a hand-over. */
export const MACHINE_KIND = 'qemu'

export interface MachineFolders extends AsyncDisposable {
  /** Eight hexadecimal digits, unique among the machines of this user. */
  readonly id: string
  /** Passed to QEMU as `-uuid`: how a left-over process is recognised. */
  readonly uuid: string
  readonly runtime: string
  readonly storage: string
  /** Makes a detached machine's process the owner in the ledger, so that the folders last as long as it does. */
  handOver(pid: number): void
  /** The same for a machine that ran until now as ours; disposing does nothing from then on. `notes` go into the ledger. */
  keep(pid: number, notes: LedgerEntry['data']): void
}

/** Records and creates the folders of one machine. Disposing removes them and strikes the entry. */
export async function createMachineFolders(): Promise<MachineFolders> {
  const runtimeBase = await ownFolder(join(runtimeFolder(), 'm'))
  const storageBase = await ownFolder(join(cacheFolder(), 'machines'))
  const id = randomBytes(4).toString('hex')
  const uuid = randomUUID()
  const [runtime, storage] = [join(runtimeBase, id), join(storageBase, id)]
  await using undo = new AsyncDisposableStack()
  const record = { uuid, runtime, storage }
  undo.use(recordInLedger(MACHINE_KIND, `${MACHINE_KIND}-${id}`, record))
  for (const folder of [runtime, storage]) {
    undo.defer(async () => rm(folder, { recursive: true, force: true }))
    await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      throw folderError(folder, error)
    })
  }
  const owned = undo.move()
  const handOver = (pid: number, notes: LedgerEntry['data'] = {}): void => {
    const owner = identifyProcess(pid)
    if (owner === undefined) return
    recordInLedger(MACHINE_KIND, `${MACHINE_KIND}-${id}`, { ...notes, ...record, detached: 1 }, owner)
  }
  let kept = false
  return {
    id,
    uuid,
    runtime,
    storage,
    handOver: (pid) => handOver(pid),
    keep(pid, notes) {
      handOver(pid, notes)
      kept = true
    },
    async [Symbol.asyncDispose]() {
      if (!kept) await owned.disposeAsync()
    },
  }
}

/** Creates a private folder and makes sure that it is ours: /tmp is shared with other users. */
async function ownFolder(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    const stats = await lstat(path)
    if (stats.isDirectory() && (process.getuid === undefined || stats.uid === process.getuid())) return path
  } catch (error) {
    throw folderError(path, error)
  }
  throw new InfraError(`${path} is not a folder of this user`, {
    code: 'folder-not-ours',
    hint: 'remove it, or name another place with SIGNALBOX_RUNTIME and SIGNALBOX_CACHE',
  })
}

function folderError(path: string, cause: unknown): InfraError {
  return new InfraError(`cannot create ${path}: ${codeOf(cause) ?? String(cause)}`, {
    code: 'folder-not-writable',
    hint: 'name another place with SIGNALBOX_RUNTIME (sockets) and SIGNALBOX_CACHE (disks)',
    cause,
  })
}
