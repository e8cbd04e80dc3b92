// A variable store that trusts one certificate is made by the real program, also for several machines at the same moment.

import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { runCommand } from '../harness/process.ts'
import { findFirmware } from './firmware.ts'
import { enrolledVariables } from './enrol-keys.ts'
import { ensureSigningKey, SIGNER } from './image/signing.ts'

test.each(['x86_64', 'arm64'] as const)(
  'machines of one process that want the same store at once get it, with one certificate, and nothing else is left: %s',
  async (architecture) => {
    const folder = await mkdtemp(join(tmpdir(), 'signalbox-enrol-'))
    await using cleanup = new AsyncDisposableStack()
    cleanup.defer(async () => await rm(folder, { recursive: true }))
    vi.stubEnv('SIGNALBOX_CACHE', folder)
    cleanup.defer(() => void vi.unstubAllEnvs())
    const { certificate } = await ensureSigningKey(folder)
    const template = findFirmware(architecture, 'uefi-secure')?.ownKeysTemplate ?? ''
    const paths = await Promise.all([1, 2, 3].map(async () => await enrolledVariables(template, certificate)))
    expect(new Set(paths).size).toBe(1)
    const [path = ''] = paths
    expect(await readdir(join(path, '..'))).toEqual([path.split('/').at(-1)])
    expect((await stat(path)).size).toBe((await stat(template)).size)
    const held = await runCommand('virt-fw-vars', ['--input', path, '--print', '--verbose'])
    expect(held).toContain(SIGNER)
    expect(held).not.toContain('Microsoft')
    const print = await runCommand('virt-fw-vars', ['--input', path, '--print'])
    expect(print).toMatch(/^SecureBootEnable +: bool: ON$/m)
  },
)
