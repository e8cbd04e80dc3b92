// Every OS test of etcd and containers on real machines: over an hour where they are emulated, so it runs on demand.

import { afterAll, expect, it } from 'vitest'
import { buildReferenceImage } from '../../qemu/image/index.ts'
import { cacheFolder } from '../folders.ts'
import { createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld({ cache: cacheFolder() })
afterAll(() => world[Symbol.dispose]())

it.each([
  ['services', ['--tag', 'etcd', '--tag', 'containers']],
  ['wasm', ['podman.wasm']],
] as const)(
  'passes all tests of etcd and containers on the flavour %s',
  { timeout: 4 * 3_600_000 },
  async (flavour, selected) => {
    await buildReferenceImage({ flavour })
    const { exitCode, stdout } = await world.signalbox(['run', ...selected, '--flavour', flavour, '-j', '1'])
    expect(exitCode, stdout).toBe(0)
    expect(stdout).toMatch(/\n {2}\d+ passed\n/)
  },
)
