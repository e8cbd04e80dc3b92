import { describe, expect, test } from 'vitest'
import { parsePolicy } from './apt.ts'
import {
  findLacking,
  packagesFor,
  planInstall,
  systemPackages,
  type SystemPackage,
} from './system-packages.ts'

const packages: readonly SystemPackage[] = [
  { name: 'qemu', purpose: 'runs machines', minimum: '9' },
  { name: 'zstd', purpose: 'compresses' },
]
const isAtLeast = (a: string, b: string): boolean => Number.parseFloat(a) >= Number.parseFloat(b)

describe('what is to be installed', () => {
  test.each([
    ['nothing is there, no lists yet, old release', {}, {}, true, ['zstd'], ['qemu']],
    ['nothing is there, no lists yet, new release', {}, {}, false, ['qemu', 'zstd'], []],
    ['all is there', { qemu: '10', zstd: '1' }, { qemu: '10', zstd: '1' }, true, [], []],
    [
      'old, and so is the release',
      { qemu: '7.2', zstd: '1' },
      { qemu: '7.2', zstd: '1' },
      false,
      [],
      ['qemu'],
    ],
    ['old, the release has newer', { qemu: '8', zstd: '1' }, { qemu: '10', zstd: '1' }, true, ['qemu'], []],
  ])('%s', (_, installed, candidates, releaseIsOld, fromRelease, fromBackports) => {
    const lacking = findLacking(packages, new Map(Object.entries(installed)), isAtLeast)
    const plan = planInstall(lacking, new Map(Object.entries(candidates)), isAtLeast, releaseIsOld)
    expect(plan).toEqual({ fromRelease, fromBackports })
  })
})

test('candidates out of apt-cache policy', () => {
  const text =
    'qemu:\n  Installed: (none)\n  Candidate: 1:7.2\n  Version table:\nnone:\n  Candidate: (none)\n'
  expect([...parsePolicy(text)]).toEqual([['qemu', '1:7.2']])
})

test('the list names each package once, those of the image recipe included', () => {
  const names = systemPackages.map(({ name }) => name)
  expect(names).toEqual([...new Set(names)])
  expect(names).toEqual(expect.arrayContaining(['qemu-system-x86', 'mmdebstrap']))
})

test('nothing is installed for riscv64: who wants it does that', () => {
  const names = ['start', 'test', 'bench'].flatMap((script) => packagesFor(script).map(({ name }) => name))
  expect(names.filter((name) => /riscv|opensbi/.test(name))).toEqual([])
})

test('openssh-server, a listening daemon, is asked for by tests and benchmarks only', () => {
  const asked = ['start', 'bench', 'test'].filter((script) =>
    packagesFor(script).some(({ name }) => name === 'openssh-server'),
  )
  expect(asked).toEqual(['bench', 'test'])
})
