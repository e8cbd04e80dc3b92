// One builder at a time for an image or a template: a lock file that names its owner by process id and start time, so that a lock left by
// a killed process is taken over at once and a waiting process never waits for a dead one.

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { sleep } from '../harness/deadline.ts'
import { codeOf, InfraError } from '../harness/errors.ts'
import { identifyProcess, isAlive, type ProcessIdentity } from '../harness/process.ts'

export interface LockOptions {
  readonly signal?: AbortSignal | undefined
  /** Called once when somebody else holds the lock. */
  readonly onWait?: (owner: ProcessIdentity) => void
}

/** Waits until this process owns the lock; dispose it to let go. */
export async function acquireLock(path: string, options: LockOptions = {}): Promise<AsyncDisposable> {
  const self = identifyProcess(process.pid)
  if (self === undefined) throw new InfraError('locks need /proc', { code: 'no-proc' })
  await mkdir(dirname(path), { recursive: true })
  let told = false
  for (;;) {
    options.signal?.throwIfAborted()
    if (await tryLock(path, self)) {
      return {
        [Symbol.asyncDispose]: async () => await rm(path, { force: true }),
      }
    }
    const owner = await readOwner(path)
    if (owner === 'gone') continue
    if (owner === 'broken' || !isAlive(owner)) {
      await takeAway(path)
      continue
    }
    if (!told) options.onWait?.(owner)
    told = true
    await sleep(500, options.signal)
  }
}

async function tryLock(path: string, self: ProcessIdentity): Promise<boolean> {
  try {
    await writeFile(path, JSON.stringify(self), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

async function readOwner(path: string): Promise<ProcessIdentity | 'gone' | 'broken'> {
  // Twice, because the file is empty for a moment between its creation and its content.
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      return JSON.parse(await readFile(path, 'utf8')) as ProcessIdentity
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return 'gone'
    }
    await sleep(200)
  }
  return 'broken'
}

/** Moves a dead owner's lock aside before removing it: of two that see it dead, only one can move it. */
async function takeAway(path: string): Promise<void> {
  const aside = `${path}.${process.pid}`
  try {
    await rename(path, aside)
    await rm(aside, { force: true })
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}
