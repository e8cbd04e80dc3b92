// A moment of one machine: its state file and copies of its disks, in the machine's own folder, so that they go with it.

import { randomBytes } from 'node:crypto'
import { mkdir, rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { UsageError } from '../../harness/errors.ts'
import type { Checkpoint } from '../../harness/machine.ts'
import { runCommand } from '../../harness/process.ts'
import { saveState, type QmpConnection } from '../../qemu/index.ts'
import type { SavedState } from './life.ts'

export interface TakeOptions {
  readonly owner: object
  readonly storage: string
  /** Disks and firmware variables. */
  readonly files: readonly string[]
  readonly firstBoot: boolean
  readonly qmp: QmpConnection
  readonly signal: AbortSignal
}

/** Implements the seam. Has a life of its own: its files can be given up before the machine ends. */
export class QemuCheckpoint implements Checkpoint {
  readonly owner: object
  readonly firstBoot: boolean
  readonly #folder: string
  readonly #files: readonly string[]
  #dropped = false

  constructor(folder: string, { owner, firstBoot, files }: TakeOptions) {
    this.owner = owner
    this.firstBoot = firstBoot
    this.#folder = folder
    this.#files = files
  }

  /** The state to go on from; throws when the checkpoint was given up. */
  state(): SavedState {
    if (this.#dropped) throw new UsageError('this checkpoint was given up', { code: 'checkpoint-gone' })
    return { path: join(this.#folder, 'state'), memory: 'state-file' }
  }

  /** Puts the disks back; the machine must be off. */
  async putBack(signal: AbortSignal): Promise<void> {
    for (const file of this.#files) {
      const fresh = `${file}.restored`
      await copySparse(join(this.#folder, basename(file)), fresh, signal)
      await rename(fresh, file)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#dropped = true
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** Saves a running machine, which goes on afterwards, whether this succeeds or not. */
export async function takeCheckpoint(options: TakeOptions): Promise<QemuCheckpoint> {
  const { storage, files, qmp, signal } = options
  await using undo = new AsyncDisposableStack()
  const folder = join(storage, `checkpoint-${randomBytes(4).toString('hex')}`)
  undo.defer(async () => await rm(folder, { recursive: true, force: true }))
  await mkdir(folder, { mode: 0o700 })
  try {
    await saveState(qmp, join(folder, 'state'), { memory: 'state-file', signal })
    for (const file of files) await copySparse(file, join(folder, basename(file)), signal)
  } finally {
    await qmp.execute('cont', {})
  }
  undo.move()
  return new QemuCheckpoint(folder, options)
}

/** Copies a disk with its holes. */
export async function copySparse(from: string, to: string, signal: AbortSignal): Promise<void> {
  await runCommand('cp', ['--reflink=auto', '--sparse=always', '--', from, to], {
    signal,
    timeoutMs: 300_000,
  })
}
