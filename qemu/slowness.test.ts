import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hostKey } from './accelerator.ts'
import { measureSlowness, toSlowness } from './slowness.ts'

const emulator = { path: '/nonexistent/qemu', version: '10.0.2', modifiedMs: 1 }

test.each([
  ['what is measured here under TCG', 'x86_64', 'tcg', 6080, 8],
  ['a host twice as fast', 'x86_64', 'tcg', 3040, 4],
  ['arm64 has an ordinary time of its own', 'arm64', 'tcg', 5440, 8],
  ['KVM on an ordinary host', 'x86_64', 'kvm', 760, 1],
  ['a faster one is no reason to give up sooner', 'x86_64', 'kvm', 100, 1],
  ['KVM in a slow virtual machine', 'x86_64', 'kvm', 3800, 5],
  ['nothing is 100 times slower', 'arm64', 'tcg', 68_000, 40],
] as const)('%s', (_, architecture, accelerator, ranMs, factor) => {
  expect(toSlowness(architecture, accelerator, ranMs).factor).toBe(factor)
})

test('without a kernel: what was measured before, else what is assumed', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'signalbox-slowness-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(async () => await rm(cache, { recursive: true }))
  const ask = async (accelerator: 'kvm' | 'tcg'): Promise<number> =>
    (await measureSlowness({ architecture: 'arm64', accelerator, emulator, cache })).factor
  expect([await ask('tcg'), await ask('kvm')]).toEqual([8, 1])
  await mkdir(join(cache, 'slowness'))
  const measured = join(cache, 'slowness', 'arm64-tcg-0123456789abcdef.json')
  await writeFile(measured, JSON.stringify({ ranMs: 10_880 }))
  expect([await ask('tcg'), await ask('kvm')]).toEqual([16, 1])
  for (const broken of ['', '{}', '{"ranMs":"fast"}', '{"ranMs":-1}', '{"ranMs":null}']) {
    await writeFile(measured, broken)
    expect(await ask('tcg')).toBe(8)
  }
})

test('an emulator that does not start leaves the assumption, and nothing in the cache', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'signalbox-slowness-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(async () => await rm(cache, { recursive: true }))
  const options = { architecture: 'arm64', accelerator: 'tcg', emulator, cache, kernel: '/dev/null' } as const
  const { factor, reason } = await measureSlowness(options)
  expect([factor, reason]).toEqual([8, 'assumed: the kernel did not start'])
  expect(await readdir(cache)).toEqual([])
})

test('a kernel that did not come up before is not waited for again', async () => {
  const cache = await mkdtemp(join(tmpdir(), 'signalbox-slowness-'))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(async () => await rm(cache, { recursive: true }))
  const [path, starts] = [join(cache, 'qemu'), join(cache, 'starts')]
  await writeFile(path, `#!/bin/sh\necho start >>'${starts}'\n`)
  await chmod(path, 0o755)
  const options = {
    architecture: 'arm64',
    accelerator: 'tcg',
    emulator: { ...emulator, path },
    cache,
    kernel: '/dev/null',
  } as const
  const assumed = { factor: 8, reason: 'assumed: the kernel did not start' }
  // This emulator ends at once, which says nothing of the kernel: it is asked each time.
  expect(await measureSlowness(options)).toEqual(assumed)
  expect(await readFile(starts, 'utf8')).toBe('start\n')
  await mkdir(join(cache, 'slowness'))
  await writeFile(join(cache, 'slowness', `arm64-tcg-${await hostKey(options)}.json`), '{"ranMs":null}')
  expect(await measureSlowness(options)).toEqual(assumed)
  expect(await readFile(starts, 'utf8')).toBe('start\n')
})
