// Every OS test of tests/update on real machines, with etcd and containers: two hours where they are emulated, so it runs on
// demand.

import { afterAll, expect, it } from 'vitest'
import { buildReferenceImage } from '../../qemu/image/index.ts'
import { cacheFolder } from '../folders.ts'
import { createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld({ cache: cacheFolder() })
afterAll(() => world[Symbol.dispose]())
await buildReferenceImage({ flavour: 'services' })

it(
  'passes all tests of updates, with every broken version left by itself',
  { timeout: 14_400_000 },
  async () => {
    const { exitCode, stdout } = await world.signalbox([
      'run',
      '--tag',
      'update',
      '--firmware',
      'uefi',
      '--flavour',
      'services',
      '-j',
      '1',
    ])
    expect(exitCode, stdout).toBe(0)
    expect(stdout).toMatch(/\n {2}\d+ passed\n/)
  },
)
