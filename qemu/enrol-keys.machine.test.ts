// A variable store that trusts one certificate is made by the real program, also for several machines at the same moment.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { findFirmware } from './firmware.ts'
import { enrolledVariables } from './enrol-keys.ts'
import { ensureSigningKey, SIGNER } from './image/signing.ts'

test('machines of one process that want the same store at once get it, and nothing else is left', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-enrol-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(async () => await rm(folder, { recursive: true }))
  vi.stubEnv('SIGNALBOX_CACHE', folder)
  cleanup.defer(() => void vi.unstubAllEnvs())
  const { certificate } = await ensureSigningKey(folder)
  const empty = findFirmware('x86_64', 'uefi')?.variablesTemplate ?? ''
  const paths = await Promise.all([1, 2, 3].map(async () => await enrolledVariables(empty, certificate)))
  expect(new Set(paths).size).toBe(1)
  const [path = ''] = paths
  expect(await readdir(join(path, '..'))).toEqual([path.split('/').at(-1)])
  const store = (await readFile(path)).toString('latin1')
  expect(store).toContain(SIGNER)
  expect(store.length).toBe((await readFile(empty)).length)
})
