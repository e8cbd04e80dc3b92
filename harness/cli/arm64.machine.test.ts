// The other architecture on real machines, by emulation: its image from the same recipe, the smoke suite with forks, UEFI, and an image
// for one architecture that is given for another. Named for arm64; on an arm64 host it is that host's own.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildReferenceImage, type BuiltImage } from '../../qemu/image/index.ts'
import { runCommand } from '../process.ts'
import { cacheFolder } from '../folders.ts'
import { createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld({ cache: cacheFolder() })
afterAll(() => world[Symbol.dispose]())

let built: BuiltImage
// Six minutes of CPU time when the cache has none.
beforeAll(async () => {
  built = await buildReferenceImage({ architecture: 'arm64' })
}, 2_700_000)

it('passes the smoke suite, most of it on forks', { timeout: 1_800_000 }, async () => {
  const { exitCode, stdout } = await world.signalbox(['run', '--arch', 'arm64', '-t', 'smoke', '-j', '2'])
  expect(exitCode, stdout).toBe(0)
  expect(stdout).toMatch(/qemu-arm64-direct-stable/)
  expect(stdout).toMatch(/\n {2}\d+ passed/)
})

it('boots by UEFI, firmware and loader and all', { timeout: 1_800_000 }, async () => {
  const run = ['run', 'boot.mounts', '--arch', 'arm64', '--firmware', 'uefi', '--no-fork']
  const { exitCode, stdout } = await world.signalbox(run)
  expect(exitCode, stdout).toBe(0)
  expect(stdout).toMatch(/qemu-arm64-uefi-stable/)
})

it(
  'refuses its disk where one for x86-64 is wanted, before anything boots',
  { timeout: 60_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'signalbox-disk-'))
    await using cleanup = new AsyncDisposableStack()
    cleanup.defer(async () => await rm(folder, { recursive: true }))
    const qcow2 = join(folder, 'disk.qcow2')
    await runCommand('qemu-img', ['convert', '-O', 'qcow2', built.image.disk.path, qcow2])
    for (const path of [built.image.disk.path, qcow2]) {
      const what = ['--image', path, '--distro', 'reference', '--arch', 'x86_64']
      const { exitCode, stdout, stderr } = await world.signalbox(['run', 'boot.mounts', ...what])
      expect(exitCode, stdout + stderr).toBe(2)
      expect(stdout + stderr).toMatch(
        /is not for x86_64: its boot program EFI\/BOOT\/BOOTAA64.EFI is for arm64/,
      )
    }
  },
)
