// Which templates there are when something is measured: the one of the machine that a test gets when it asks for nothing,
// or none.

import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { benchSignalbox } from './signalbox.ts'

/** Finds the plain machine's template, or makes it. */
export async function plainTemplate(): Promise<{ readonly id: string; readonly folder: string }> {
  const { stdout } = await benchSignalbox(['template', 'build', '--json'], { writesEvents: false })
  return JSON.parse(stdout) as { id: string; folder: string }
}

/** Hands out an environment in which templates lie elsewhere, and none is there; in memory, where they lie by default. */
export async function withoutTemplates<T>(
  work: (env: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  const place = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'signalbox-bench-'))
  try {
    return await work({ SIGNALBOX_TEMPLATES: place })
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}
