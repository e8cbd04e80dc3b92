// Removes what a killed harness left: processes, folders, ledger entries. Only what a dead owner recorded is touched,
// and a process only when its command line carries the recorded identity.

import { readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { sleep } from '../harness/deadline.ts'
import {
  BUILD_FOLDER,
  BUILD_KIND,
  readLedger,
  SAVING_FOLDER,
  SAVING_KIND,
  SCRATCH_KIND,
  strikeFromLedger,
  type LedgerEntry,
} from '../harness/ledger.ts'
import { identifyProcess, isAlive, type ProcessIdentity } from '../harness/process.ts'
import { MACHINE_KIND } from './machine-folders.ts'
import { TPM_KIND } from './swtpm.ts'
import { DRAFT_KIND } from './template/store.ts'

/** One thing that was removed. */
export interface Reaped {
  readonly id: string
  readonly kind: string
  /** Processes that still ran and were killed. */
  readonly killed: readonly number[]
  readonly folders: readonly string[]
}

/** Cleans up after dead owners. Live owners' machines are never touched. Two reapers at once do no harm. */
export async function reapDeadMachines(): Promise<readonly Reaped[]> {
  return await reap(readLedger().filter(({ ownerAlive }) => !ownerAlive))
}

/** Ends machines that were handed over to a person and run on their own (`spawn --detach`). */
export async function reapDetachedMachines(): Promise<readonly Reaped[]> {
  return await reap(readLedger().filter(({ data }) => data['detached'] === 1))
}

/** Ends one machine that runs on its own, by the id of its ledger entry, and its TPM. */
export async function reapMachine(id: string): Promise<readonly Reaped[]> {
  const name = id.slice(MACHINE_KIND.length + 1)
  const ids = new Set([id, `${TPM_KIND}-${name}`])
  return await reap(readLedger().filter((entry) => ids.has(entry.id) && entry.data['detached'] === 1))
}

async function reap(entries: readonly LedgerEntry[]): Promise<readonly Reaped[]> {
  const reaped: Reaped[] = []
  for (const entry of entries) {
    const shape = folderShapes.get(entry.kind)
    if (shape !== undefined) {
      reaped.push(await removeFolder(entry, shape))
      continue
    }
    const mark = identifyingArgument(entry)
    if (mark === undefined) continue
    const killed = await killByArgument(programOf(entry), mark)
    const folders = foldersOf(entry)
    for (const folder of folders) await rm(folder, { recursive: true, force: true })
    strikeFromLedger(entry.id)
    reaped.push({ id: entry.id, kind: entry.kind, killed, folders })
  }
  return reaped
}

/** What is a folder and nothing else, and how it is named: no other one is touched. */
const folderShapes: ReadonlyMap<string, RegExp> = new Map([
  [DRAFT_KIND, /^[0-9a-f]{64}\.[0-9a-f]{8}\.draft$/],
  [SCRATCH_KIND, /^scratch-[0-9a-f]{8}$/],
  [BUILD_KIND, new RegExp(`^${BUILD_FOLDER.replace('.', '\\.')}[0-9a-f]{8}$`)],
  [SAVING_KIND, new RegExp(`^${SAVING_FOLDER.replace('.', '\\.')}$`)],
])

// A template or an image that was never finished, a machine that was never saved, or what a command needed.
async function removeFolder(entry: LedgerEntry, shape: RegExp): Promise<Reaped> {
  const folder = text(entry.data['folder'])
  const folders = folder !== undefined && shape.test(basename(folder)) ? [folder] : []
  for (const each of folders) await rm(each, { recursive: true, force: true })
  strikeFromLedger(entry.id)
  return { id: entry.id, kind: entry.kind, killed: [], folders }
}

function identifyingArgument({ kind, data }: LedgerEntry): string | undefined {
  if (kind === MACHINE_KIND) return text(data['uuid'])
  if (kind === TPM_KIND) {
    const socket = text(data['socket'])
    return socket === undefined ? undefined : `type=unixio,path=${socket}`
  }
  return undefined
}

function programOf({ kind }: LedgerEntry): RegExp {
  return kind === MACHINE_KIND ? /^qemu-system-/ : /^swtpm$/
}

// A damaged or forged entry must not make us delete anything but a machine's folder: `.../m/<id>`, `.../machines/<id>`.
function foldersOf({ kind, id, data }: LedgerEntry): readonly string[] {
  if (kind !== MACHINE_KIND) return []
  const name = id.slice(MACHINE_KIND.length + 1)
  return [text(data['runtime']), text(data['storage'])].filter(
    (path): path is string =>
      path !== undefined &&
      /^[0-9a-f]{8}$/.test(name) &&
      basename(path) === name &&
      ['m', 'machines'].includes(basename(dirname(path))),
  )
}

async function killByArgument(program: RegExp, argument: string): Promise<readonly number[]> {
  const found = findProcesses(program, argument)
  for (const { pid } of found) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself in between.
    }
  }
  // The folders may go only when nothing holds them; a killed process needs a moment to give its memory back.
  for (let waitedMs = 0; waitedMs < 5000 && found.some(isAlive); waitedMs += 20) await sleep(20)
  return found.map(({ pid }) => pid)
}

function findProcesses(program: RegExp, argument: string): readonly ProcessIdentity[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const [file = '', ...args] = commandLine(pid)
      if (!program.test(basename(file)) || !args.includes(argument)) return []
      return identifyProcess(Number(pid)) ?? []
    })
}

function commandLine(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  } catch {
    return []
  }
}

function text(value: string | number | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
