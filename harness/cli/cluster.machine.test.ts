// Hardware that comes and goes, and machines that meet over the harness's lines: real machines through the real command line,
// forked and booted.

import { afterAll, expect, it } from 'vitest'
import { buildReferenceImage } from '../../qemu/image/index.ts'
import { cacheFolder } from '../folders.ts'
import { createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld({ cache: cacheFolder() })
afterAll(() => world[Symbol.dispose]())
const corpus = world.corpus('real-cluster')
await buildReferenceImage()

it('on forks: disks and cards are found, pulled and found again; values and barriers need no network', async () => {
  const { exitCode, stdout } = await world.signalbox(['run', ...corpus])
  expect(stdout).toContain('4 passed')
  expect(exitCode).toBe(0)
})

it('on a booted machine a plugged disk outlives the reboot into its second process', async () => {
  const { exitCode, stdout } = await world.signalbox(['run', 'hardware.disk', '--no-fork', ...corpus])
  expect(stdout).toContain('1 passed')
  expect(exitCode).toBe(0)
})
