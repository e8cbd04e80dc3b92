// One builder at a time for an image or a template. A lock is a folder with one file in it, which names its owner by process
// id and start time: a folder moved into place replaces an empty one only, and a dead owner's file is removed by its own
// name. So no two can have it, a killed owner's lock is taken over at once, and nobody waits for a dead one.

import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
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
    const owner = await livingOwner(path)
    if (owner === undefined) {
      const lock = await tryLock(path, self)
      if (lock !== undefined) return lock
      continue
    }
    if (!told) options.onWait?.(owner)
    told = true
    await sleep(500, options.signal)
  }
}

/** Takes the lock if nobody has it now, without waiting; this process counts as somebody. */
export async function tryAcquireLock(path: string): Promise<AsyncDisposable | undefined> {
  const self = identifyProcess(process.pid)
  if (self === undefined) throw new InfraError('locks need /proc', { code: 'no-proc' })
  await mkdir(dirname(path), { recursive: true })
  while ((await livingOwner(path)) === undefined) {
    const lock = await tryLock(path, self)
    if (lock !== undefined) return lock
  }
  return undefined
}

async function tryLock(path: string, self: ProcessIdentity): Promise<AsyncDisposable | undefined> {
  const name = randomBytes(6).toString('hex')
  const fresh = `${path}.${name}`
  await mkdir(fresh, { mode: 0o700 })
  await writeFile(join(fresh, name), JSON.stringify(self), { mode: 0o600 })
  try {
    await rename(fresh, path)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    if (codeOf(error) === 'ENOTEMPTY' || codeOf(error) === 'EEXIST') return undefined
    throw error
  }
  return {
    async [Symbol.asyncDispose]() {
      await rm(join(path, name), { force: true })
      // The next owner may have moved in already.
      await rmdir(path).catch(() => undefined)
    },
  }
}

/** Whom to wait for; what a dead owner or a crash of the host left is removed. */
async function livingOwner(path: string): Promise<ProcessIdentity | undefined> {
  try {
    const [name] = await readdir(path)
    if (name === undefined) return undefined
    const owner = parseOwner(await readFile(join(path, name), 'utf8'))
    if (owner !== undefined && isAlive(owner)) return owner
    await rm(join(path, name), { force: true })
  } catch (error) {
    // Let go in between; or not a folder: the lock of an older version.
    if (codeOf(error) === 'ENOTDIR') await rm(path, { force: true })
    else if (codeOf(error) !== 'ENOENT') throw error
  }
  return undefined
}

function parseOwner(text: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(text) as ProcessIdentity
  } catch {
    return undefined
  }
}
