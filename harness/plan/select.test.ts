import { beforeEach, expect, it } from 'vitest'
import { UsageError } from '../errors.ts'
import type { Target } from '../model.ts'
import { clearRegistry, registeredTests, registerTest } from '../registry.ts'
import type { Requirements } from '../requirements.ts'
import { selectTests } from './select.ts'

const target: Target = {
  name: 'qemu-x86_64-direct-stable',
  platform: 'qemu',
  architecture: 'x86_64',
  firmware: 'direct',
  channel: 'stable',
  distro: 'reference',
  version: '1.2.0',
}

function add(name: string, requirements: Requirements = {}): void {
  registerTest({ name, requirements, body: () => undefined, location: { file: 'a.ts', line: 1, column: 1 } })
}

function select(
  globs: readonly string[],
  tags: readonly string[] = [],
): readonly (readonly [string, string | undefined])[] {
  return selectTests(registeredTests(), { globs, tags, target }).map(
    ({ test, skip }) => [test.name, skip] as const,
  )
}

beforeEach(() => {
  clearRegistry()
  add('boot.usr', { tags: ['smoke'], aliases: ['cl.basic'] })
  add('boot.root', { tags: ['slow'] })
  add('ignition.files.inline')
  add('net.sb', { firmwares: ['uefi-secure'] })
  add('old.only', { versions: '<1.0.0' })
  add('new.only', { versions: '>=1.2.0 <2.0.0' })
})

it.each([
  [['boot.usr'], ['boot.usr']],
  [['boot'], ['boot.root', 'boot.usr']],
  [['cl.basic'], ['boot.usr']],
  [['cl.*'], ['boot.usr']],
  [
    ['*.usr', 'ignition.*'],
    ['boot.usr', 'ignition.files.inline'],
  ],
  [['boot.{usr,root}'], ['boot.root', 'boot.usr']],
])('the globs %j select %j', (globs, names) => {
  expect(select(globs).map(([name]) => name)).toEqual(names)
})

it('gives everything without globs, in order of name', () => {
  expect(select([]).map(([name]) => name)).toEqual([
    'boot.root',
    'boot.usr',
    'ignition.files.inline',
    'net.sb',
    'new.only',
    'old.only',
  ])
})

it('says why a test is skipped for the target', () => {
  expect(select(['net.*', '*.only'])).toEqual([
    ['net.sb', 'needs firmware uefi-secure; this target has direct'],
    ['new.only', undefined],
    ['old.only', 'needs version <1.0.0; the image has 1.2.0'],
  ])
})

it('names all the reasons of one test', () => {
  add('many.reasons', {
    requiredTag: 'slow',
    platforms: ['aws', 'gce'],
    firmwares: ['bios', 'uefi'],
    excludeDistros: ['reference'],
    skips: [{ reason: 'it is broken' }, { reason: 'not asked', platforms: ['aws'] }],
    versions: '>=9.0.0',
  })
  expect(select(['many.reasons'])).toEqual([
    [
      'many.reasons',
      'runs only with --tag slow; also needs platform aws or gce; this target is qemu; also needs firmware bios or uefi; this target has direct; also not on distro reference; also it is broken; also needs version >=9.0.0; the image has 1.2.0',
    ],
  ])
})

it('includes and excludes by tag', () => {
  expect(select([], ['smoke']).map(([name]) => name)).toEqual(['boot.usr'])
  expect(select(['boot'], ['!slow']).map(([name]) => name)).toEqual(['boot.usr'])
})

it('names the nearest for what does not exist', () => {
  expect(() => select(['boot.urs'])).toThrow(UsageError)
  expect(() => select(['boot.urs'])).toThrow('no test matches "boot.urs"')
  expect(hintOf(() => select(['boot.urs']))).toMatch(/^did you mean "boot.usr"\?/)
  expect(hintOf(() => select([], ['smok']))).toMatch(/^did you mean "smoke"\?/)
})

it('refuses a range that is none', () => {
  add('bad.range', { versions: 'new-ish' })
  expect(() => select(['bad.range'])).toThrow('"new-ish" is no version range')
})

function hintOf(work: () => unknown): string | undefined {
  try {
    work()
  } catch (error) {
    return error instanceof UsageError ? error.hint : undefined
  }
  return undefined
}

it('skips what the image is known to lack, and runs where nothing is known', () => {
  add('etcd.put', { features: ['etcd', 'podman'] })
  const flavours = {
    services: { features: ['etcd', 'podman', 'docker'] },
    wasm: { features: ['podman'] },
    all: { features: ['podman', 'etcd'] },
  }
  const skip = (features?: readonly string[], known?: typeof flavours): string | undefined =>
    selectTests(registeredTests(), { globs: ['etcd.put'], tags: [], target, features, flavours: known })[0]
      ?.skip
  expect(skip()).toBeUndefined()
  expect(skip(['podman', 'etcd', 'more'])).toBeUndefined()
  expect(skip(['etcd'])).toBe('needs an image with podman; no flavour of the reference image has it')
  expect(skip(['etcd'], { ...flavours, services: { features: [] }, all: { features: [] } })).toBe(
    'needs an image with podman; no flavour of the reference image has it and what else the test needs',
  )
  expect(skip(['etcd'], flavours)).toBe(
    'needs an image with podman; the reference image has it with --flavour services or --flavour all',
  )
  expect(skip([])).toBe('needs an image with etcd and podman; no flavour of the reference image has both')
  expect(skip([], flavours)).toBe(
    'needs an image with etcd and podman; the reference image has both with --flavour services or --flavour all',
  )
})

it('skips what needs something around the machines, unless the target says that it is there', () => {
  add('gpu.driver', { surroundings: ['internet', 'nvidia-gpu'] })
  const skip = (surroundings?: readonly string[]): string | undefined =>
    selectTests(registeredTests(), { globs: ['gpu.driver'], tags: [], target, surroundings })[0]?.skip
  expect(skip()).toMatch(/^needs internet around the machines; .*; also needs nvidia-gpu around the machines/)
  expect(skip(['nvidia-gpu'])).toMatch(
    /^needs internet around the machines; say --surroundings internet where/,
  )
  expect(skip(['nvidia-gpu', 'internet'])).toBeUndefined()
})
