// The system suite on real machines: subjects beyond a boot, each on the flavour of the reference image that has its programs. Over
// an hour where machines are emulated, so it runs on demand.

import { afterAll, expect, it } from 'vitest'
import type { FlavourName } from '../../qemu/image/flavours.ts'
import { buildReferenceImage } from '../../qemu/image/index.ts'
import { cacheFolder } from '../folders.ts'
import { createCliWorld } from './cli.test.fixture.ts'

const world = createCliWorld({ cache: cacheFolder() })
afterAll(() => world[Symbol.dispose]())

const parts: readonly (readonly [string, FlavourName | undefined, readonly string[]])[] = [
  ['cgroups, extensions, networks, security, SELinux and disks', undefined, ['--tag', 'system']],
  ['arrays, volumes, filesystems and shares', 'storage', ['--tag', 'storage']],
  ['disks that a TPM opens', 'storage', ['--firmware', 'uefi', 'storage.tpm', 'security.measured-boot']],
  [
    'the firmware',
    undefined,
    ['--firmware', 'uefi', 'boot.order', 'boot.media', 'boot.variables', 'security.secure-boot'],
  ],
  [
    'Secure Boot',
    undefined,
    ['--firmware', 'uefi-secure', 'boot.order', 'boot.variables', 'security.secure-boot'],
  ],
  ['etcd and containers', 'services', ['--tag', 'etcd', '--tag', 'containers']],
  ['WebAssembly', 'wasm', ['podman.wasm']],
]

it.each(parts)('passes all tests of %s', { timeout: 4 * 3_600_000 }, async (_, flavour, selected) => {
  await buildReferenceImage(flavour === undefined ? {} : { flavour })
  const own = flavour === undefined ? [] : ['--flavour', flavour]
  const { exitCode, stdout } = await world.signalbox(['run', ...selected, ...own, '-j', '2'])
  expect(exitCode, stdout).toBe(0)
  expect(stdout).toMatch(/\n {2}\d+ passed/)
})
