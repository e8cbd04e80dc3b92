// Saves the machines of a failed attempt beside its results, within a limit for the run. RAM holds secrets: what is written
// is for this user only. Whatever goes wrong is said and changes no verdict.

import { randomBytes } from 'node:crypto'
import { chmod, mkdir, rename, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { startDeadline } from '../deadline.ts'
import { messageOf, UsageError } from '../errors.ts'
import { recordInLedger, SAVING_FOLDER, SAVING_KIND } from '../ledger.ts'
import type { SavedMachines } from '../machine.ts'
import type { LiveMachine } from '../machines/live-machine.ts'
import type { EndedAttempt } from './debugging.ts'
import { nameOf, type MachineName } from './machine-name.ts'
import { writeSaved } from './saved-record.ts'

const MEBIBYTE = 1024 * 1024

/** For all machines of an attempt. */
const SAVE_MS = 600_000

/** Left free on the disk for the results themselves. */
const SPARE_BYTES = 64 * MEBIBYTE

export interface Saving {
  /** Machines that were saved so far. */
  readonly saved: readonly MachineName[]
  /** Saves the machines of a failed attempt. Never throws. */
  save(ended: EndedAttempt): Promise<void>
}

/** Saves up to `limitMiB` in all. */
export function openSaving(limitMiB: number): Saving {
  const saved: MachineName[] = []
  let takenBytes = 0
  const take = (bytes: number): void => {
    const left = limitMiB * MEBIBYTE - takenBytes
    if (bytes > left) {
      throw new UsageError(
        `they may take ${inMiB(bytes)}, and ${inMiB(left)} are left of the ${limitMiB} MiB that --save-limit allows a run`,
        { code: 'save-limit' },
      )
    }
    takenBytes += bytes
  }
  const saveAll = async (ended: EndedAttempt, lives: readonly LiveMachine[]): Promise<void> => {
    const { signal, emit } = ended
    const saves = requireSaves(ended)
    const raws = lives.flatMap((live) => live.running() ?? [])
    const estimate = await saves.estimate(raws)
    await requireRoom(ended.folder, estimate)
    take(estimate)
    let bytes = 0
    try {
      const phase = `the machines of ${ended.ref.test} to be saved`
      using deadline = startDeadline({ phase, timeoutMs: SAVE_MS, signal })
      bytes = await saveInto(ended, saves, lives, deadline.signal)
    } finally {
      takenBytes += bytes - estimate
    }
    for (const { machine } of lives) saved.push(at(ended, machine.name))
    const names = lives.map(({ machine }) => machine.name).join(', ')
    const verb = lives.length === 1 ? 'is' : 'are'
    const message = `${names} of ${ended.ref.test} ${verb} saved (${inMiB(bytes)}): signalbox resume ${attemptName(ended)}`
    emit({ type: 'run.notice', level: 'info', code: 'machine-saved', message })
  }
  return {
    saved,
    async save(ended) {
      const lives = ended.machines.filter((live) => live.running() !== undefined)
      const dead = ended.machines.filter((live) => !lives.includes(live)).map(({ machine }) => machine.name)
      const say = (why: string): void => {
        const message = `${ended.ref.test}: ${why}`
        ended.emit({ type: 'run.notice', level: 'warning', code: 'machine-not-saved', message })
      }
      if (dead.length > 0) say(`${dead.join(', ')} cannot be saved: it is off or gone`)
      if (lives.length === 0) return
      try {
        await saveAll(ended, lives)
      } catch (error) {
        if (ended.signal.aborted) return
        say(`${lives.map(({ machine }) => machine.name).join(', ')} not saved: ${messageOf(error)}`)
      }
    },
  }
}

/** Into folders that are no saved machines before they are whole. Returns the bytes they take. */
async function saveInto(
  ended: EndedAttempt,
  saves: SavedMachines,
  lives: readonly LiveMachine[],
  signal: AbortSignal,
): Promise<number> {
  await using undo = new AsyncDisposableStack()
  const orders = await Promise.all(
    lives.map(async (live) => {
      const machine = live.running()
      if (machine === undefined) throw new Error(`${live.machine.name} is gone`)
      const final = join(ended.folder, live.machine.name, 'saved')
      const folder = join(ended.folder, live.machine.name, SAVING_FOLDER)
      // Memory and disks are big, and hold secrets: gc removes what a killed process has not finished.
      undo.use(recordInLedger(SAVING_KIND, `${SAVING_KIND}-${randomBytes(4).toString('hex')}`, { folder }))
      undo.defer(async () => await rm(folder, { recursive: true, force: true }))
      await mkdir(folder, { recursive: true, mode: 0o700 })
      // Those above it may be anybody's to read; this one is not, whatever the umask says.
      await chmod(folder, 0o700)
      return { live, machine, folder, final }
    }),
  )
  const all = await saves.save(orders, signal)
  const together = lives.map(({ machine }) => machine.name)
  let bytes = 0
  for (const [index, { live, folder }] of orders.entries()) {
    const saved = all[index]
    const { user, sshKey } = live.shellTarget
    if (saved === undefined) throw new Error('the platform saved fewer machines than it was asked to')
    if (sshKey.path === undefined) throw new Error('the SSH key could not be kept, and nobody could log in')
    const { platform, image } = ended
    const about = {
      ...at(ended, live.machine.name),
      platform,
      image,
      user,
      key: sshKey.path,
      together,
      saved,
    }
    bytes += await writeSaved(folder, about, signal)
  }
  for (const { folder, final } of orders) await rename(folder, final)
  return bytes
}

function requireSaves({ saves, platform }: EndedAttempt): SavedMachines {
  if (saves !== undefined) return saves
  throw new UsageError(`the platform ${platform} saves no machines`, { code: 'no-saves' })
}

async function requireRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize - SPARE_BYTES
  if (bytes > free)
    throw new UsageError(
      `they may take ${inMiB(bytes)}, and the disk of ${folder} has ${inMiB(Math.max(0, free))} free`,
      {
        code: 'save-no-room',
      },
    )
}

function at({ run, ref }: EndedAttempt, machine: string): MachineName {
  return { run, test: ref.test, attempt: ref.n, machine }
}

/** Of all machines of an attempt. */
function attemptName(ended: EndedAttempt): string {
  return nameOf(at(ended, '')).slice(0, -1)
}

function inMiB(bytes: number): string {
  return `${Math.ceil(bytes / MEBIBYTE)} MiB`
}
