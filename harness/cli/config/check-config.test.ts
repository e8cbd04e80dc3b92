import { expect, it } from 'vitest'
import { UsageError } from '../../errors.ts'
import { defineConfig } from '../../config/config.ts'
import { checkConfig } from './check-config.ts'

const check = (value: unknown) => checkConfig({ path: '/project/signalbox.config.ts', value })

function expectRefusal(value: unknown, message: string, hint: string | undefined): void {
  const checking = (): unknown => check(value)
  expect(checking).toThrow(UsageError)
  expect(checking).toThrow(message)
  try {
    checking()
  } catch (error) {
    if (hint !== undefined) expect((error as UsageError).hint).toContain(hint)
    expect((error as UsageError).message).toMatch(/^\/project\/signalbox\.config\.ts: /)
  }
}

it('reads options and targets, in their order', () => {
  const config = check({
    retries: 2,
    jobs: undefined,
    targets: { uefi: { firmware: 'uefi', image: 'a.img', excludeTags: ['slow'], slowness: 8 }, bios: {} },
  })
  expect(config.options).toEqual(new Map([['retries', 2]]))
  expect([...config.targets]).toEqual([
    [
      'uefi',
      {
        options: new Map([
          ['firmware', 'uefi'],
          ['image', '/project/a.img'],
        ]),
        excludeTags: ['slow'],
        slowness: 8,
      },
    ],
    ['bios', { options: new Map(), excludeTags: [], slowness: undefined }],
  ])
})

it.each<[unknown, string, string | undefined]>([
  [null, 'the default export must be an object of options; it is null', undefined],
  [() => undefined, 'the default export must be an object of options; it is a function', undefined],
  [{ retry: 1 }, 'unknown key "retry"', 'did you mean "retries"?'],
  [{ target: {} }, 'unknown key "target"', 'did you mean "targets"?'],
  [{ targets: [] }, '"targets" must be an object of targets by name; it is []', undefined],
  [
    { targets: { 'a/b': {} } },
    '"a/b" is no name for a target',
    'use letters, digits, dots, - and _; it is part of paths',
  ],
  [{ targets: { '..': {} } }, '".." is no name for a target', undefined],
  [{ targets: { a: null } }, '"targets.a" must be an object; it is null', undefined],
  [
    { targets: { a: { firmwares: 'uefi' } } },
    'unknown key "targets.a.firmwares"',
    'did you mean "firmware"?',
  ],
  [
    { targets: { a: { excludeTag: ['x'] } } },
    'unknown key "targets.a.excludeTag"',
    'did you mean "excludeTags"?',
  ],
  [
    { targets: { a: { output: 'x' } } },
    'unknown key "targets.a.output"',
    '"output" is for the whole run: put it beside "targets"',
  ],
  [
    { targets: { a: { excludeTags: 'x' } } },
    '"targets.a.excludeTags" must be a list of strings; it is "x"',
    undefined,
  ],
  [
    { targets: { a: { slowness: 0.5 } } },
    '"targets.a.slowness" must be a number from 1 to 1000; it is 0.5',
    undefined,
  ],
  [
    { targets: { a: { retries: -1 } } },
    '"targets.a.retries" must be a whole number from 0 to 20; it is -1',
    undefined,
  ],
])('refuses %j', expectRefusal)

it('reads the cells of a matrix after the targets, as targets', () => {
  const config = check({
    targets: { own: {} },
    matrix: {
      architecture: ['x86_64', 'arm64'],
      image: ['a.img'],
      include: [{ architecture: 'arm64', excludeTags: ['slow'], slowness: 9 }],
    },
  })
  expect([...config.targets.keys()]).toEqual(['own', 'qemu-x86_64-a', 'qemu-arm64-a'])
  expect(config.targets.get('qemu-arm64-a')).toEqual({
    options: new Map([
      ['architecture', 'arm64'],
      ['image', '/project/a.img'],
    ]),
    excludeTags: ['slow'],
    slowness: 9,
    axes: { architecture: 'arm64', image: 'a' },
  })
})

const axis = { architecture: ['x86_64', 'arm64'] }
const long = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `v${index}`)

it.each<[object, string, string | undefined]>([
  [{ matrix: [] }, '"matrix" must be an object of axes and their values; it is []', undefined],
  [{ matrix: {} }, '"matrix" comes to no target at all', undefined],
  [{ matrix: { arch: ['arm64'] } }, 'unknown key "matrix.arch"', 'did you mean "architecture"?'],
  [{ matrix: { retries: [1] } }, 'unknown key "matrix.retries"', undefined],
  [{ matrix: { architecture: 'arm64' } }, '"matrix.architecture" must be a list of values', undefined],
  [{ matrix: { architecture: [] } }, '"matrix.architecture" must be a list of values', undefined],
  [{ matrix: { cpus: [1, 1] } }, '"matrix.cpus" must be a list without repetitions', undefined],
  [
    { matrix: { architecture: ['x86'] } },
    '"matrix.qemu-x86.architecture" must be one of x86_64, arm64, riscv64; it is "x86"',
    'did you mean "x86_64"?',
  ],
  [
    { matrix: { ...axis, exclude: [{ firmware: 'bios' }] } },
    'unknown key "matrix.exclude.0.firmware"',
    'the axes are: architecture',
  ],
  [
    { matrix: { ...axis, exclude: [{ architecture: 'arm' }] } },
    '"matrix.exclude.0.architecture" must be one of the axis: x86_64, arm64; it is "arm"',
    undefined,
  ],
  [{ matrix: { ...axis, exclude: [{}] } }, '"matrix.exclude" must be a list of objects', undefined],
  [
    { matrix: { ...axis, exclude: [{ architecture: 'arm64' }, { architecture: 'x86_64' }] } },
    'comes to no target at all',
    undefined,
  ],
  [{ matrix: { ...axis, include: [{ retry: 1 }] } }, 'unknown key "matrix.qemu-x86_64.retry"', 'retries'],
  [
    { matrix: { ...axis, include: [{ architecture: 'arm64', name: 'qemu-arm64' }] } },
    'two targets are named "qemu-arm64"',
    'give the entry of "include" a "name"',
  ],
  [{ targets: { 'qemu-arm64': {} }, matrix: axis }, 'two targets are named "qemu-arm64"', undefined],
  [
    { matrix: { channel: long(17), imageVersion: long(17) } },
    '"matrix" has 289 combinations; at most 256',
    undefined,
  ],
])('refuses %j', expectRefusal)

it('takes the example of the docs, which editors complete', () => {
  const config = defineConfig({
    matrix: {
      architecture: ['x86_64', 'arm64'],
      firmware: ['bios', 'uefi', 'uefi-secure'],
      tpm: ['off', 'on'],
      channel: ['stable'],
      exclude: [
        { architecture: 'arm64', firmware: 'bios' },
        { firmware: 'bios', tpm: 'on' },
      ],
      include: [
        { architecture: 'arm64', excludeTags: ['slow'] },
        { name: 'services', architecture: 'x86_64', firmware: 'uefi', flavour: 'services' },
      ],
    },
  })
  expect([...check(config).targets.keys()]).toEqual([
    'qemu-x86_64-bios-no-tpm-stable',
    'qemu-x86_64-uefi-no-tpm-stable',
    'qemu-x86_64-uefi-tpm-stable',
    'qemu-x86_64-uefi-secure-no-tpm-stable',
    'qemu-x86_64-uefi-secure-tpm-stable',
    'qemu-arm64-uefi-no-tpm-stable',
    'qemu-arm64-uefi-tpm-stable',
    'qemu-arm64-uefi-secure-no-tpm-stable',
    'qemu-arm64-uefi-secure-tpm-stable',
    'services',
  ])
  expect(config.matrix?.include).toHaveLength(2)
})
