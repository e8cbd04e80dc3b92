// The folder of a run: named by time and chance, made before anything starts; `latest` points to the newest.

import { randomBytes } from 'node:crypto'
import { mkdir, readlink, readdir, rename, rm, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { codeOf, UsageError } from '../errors.ts'

export interface RunFolder {
  readonly run: string
  /** Absolute. */
  readonly path: string
}

/** Makes `<output>/<run-id>`. A place that cannot be written is a UsageError. */
export async function makeRunFolder(output: string, now = new Date()): Promise<RunFolder> {
  const stamp = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-')
  const run = `${stamp}-${randomBytes(3).toString('hex')}`
  const path = join(resolve(output), run)
  try {
    await mkdir(path, { recursive: true })
  } catch (error) {
    throw new UsageError(`results cannot be written to ${output}: ${codeOf(error) ?? 'unknown error'}`, {
      code: 'output-not-writable',
      hint: 'choose another folder with --output',
    })
  }
  const fresh = join(resolve(output), `.latest-${process.pid}`)
  try {
    await symlink(run, fresh)
    await rename(fresh, join(resolve(output), 'latest'))
  } catch {
    // A file system without links: `latest` is only a convenience.
    await rm(fresh, { force: true }).catch(() => undefined)
  }
  return { run, path }
}

/** The newest run below `output`, or a UsageError. */
export async function latestRun(output: string): Promise<string> {
  const link = await readlink(join(output, 'latest')).catch(() => undefined)
  if (link !== undefined) return join(output, link)
  const names = await readdir(output).catch(() => [])
  const newest = names
    .filter((name) => /^\d{8}-\d{6}-/.test(name))
    .toSorted()
    .at(-1)
  if (newest === undefined) {
    throw new UsageError(`there are no runs in ${output}`, {
      code: 'no-runs',
      hint: 'signalbox run makes one',
    })
  }
  return join(output, newest)
}
