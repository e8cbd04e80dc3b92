// The rules of a matrix: those of GitHub Actions, in their own example and in ours.

import { expect, it } from 'vitest'
import { expandMatrix, type Matrix } from './expand-matrix.ts'

const expand = (matrix: Partial<Matrix>) =>
  expandMatrix({ axes: {}, exclude: [], include: [], ...matrix }, 'qemu')
const names = (matrix: Partial<Matrix>): readonly string[] => expand(matrix).map(({ name }) => name)

const two = { architecture: ['x86_64', 'arm64'], firmware: ['bios', 'uefi'] }

it('makes every combination, the last axis fastest, in an order of its own', () => {
  expect(names({ axes: two })).toEqual([
    'qemu-x86_64-bios',
    'qemu-x86_64-uefi',
    'qemu-arm64-bios',
    'qemu-arm64-uefi',
  ])
  const turned = { firmware: ['uefi'], channel: ['stable'], tpm: ['on', null], architecture: ['x86_64'] }
  expect(names({ axes: turned })).toEqual(['qemu-x86_64-uefi-tpm-stable', 'qemu-x86_64-uefi-stable'])
})

it('names values so that they can be part of a path', () => {
  const axes = {
    platform: ['aws'],
    tpm: ['off'],
    image: ['builds/My image (1).qcow2'],
    memoryMiB: [4096],
    cpus: [8],
    fork: [false],
    flavour: [null],
  }
  expect(names({ axes })).toEqual(['aws-no-tpm-My_image_1_-4096mib-8cpu-no-fork'])
})

it('keeps a null out of the values, and says what tells a cell from the others', () => {
  expect(expand({ axes: { tpm: [null, 'on'], cpus: [2] } })).toEqual([
    { name: 'qemu-2cpu', values: { cpus: 2 }, axes: { cpus: '2' } },
    { name: 'qemu-tpm-2cpu', values: { tpm: 'on', cpus: 2 }, axes: { tpm: 'on', cpus: '2' } },
  ])
})

it('leaves out all combinations with the values of an exclusion', () => {
  const exclude = [{ architecture: 'arm64', firmware: 'bios' }]
  expect(names({ axes: two, exclude })).toEqual(['qemu-x86_64-bios', 'qemu-x86_64-uefi', 'qemu-arm64-uefi'])
  expect(names({ axes: two, exclude: [{ firmware: 'bios' }] })).toEqual([
    'qemu-x86_64-uefi',
    'qemu-arm64-uefi',
  ])
})

it('includes as the example of the GitHub Docs does', () => {
  // fruit is channel, animal is distro; color, shape are keys that are no axes.
  const cells = expand({
    axes: { channel: ['apple', 'pear'], distro: ['cat', 'dog'] },
    include: [
      { color: 'green' },
      { color: 'pink', distro: 'cat' },
      { channel: 'apple', shape: 'circle' },
      { channel: 'banana' },
      { channel: 'banana', distro: 'cat' },
    ],
  })
  expect(cells.map(({ values }) => values)).toEqual([
    { channel: 'apple', distro: 'cat', color: 'pink', shape: 'circle' },
    { channel: 'pear', distro: 'cat', color: 'pink' },
    { channel: 'apple', distro: 'dog', color: 'green', shape: 'circle' },
    { channel: 'pear', distro: 'dog', color: 'green' },
    { channel: 'banana' },
    { channel: 'banana', distro: 'cat' },
  ])
})

it('makes a target of its own of an inclusion with a name', () => {
  const cells = expand({
    axes: two,
    include: [{ name: 'slow', architecture: 'arm64', firmware: 'uefi', cpus: 1 }],
  })
  expect(cells.at(-1)).toEqual({
    name: 'slow',
    values: { architecture: 'arm64', firmware: 'uefi', cpus: 1 },
    axes: { architecture: 'arm64', firmware: 'uefi', cpus: '1' },
  })
  expect(cells).toHaveLength(5)
})

it('keeps the names of cells when others come, and when something is added to them', () => {
  const more = { ...two, firmware: ['direct', ...two.firmware] }
  const include = [{ architecture: 'arm64', memoryMiB: 2048 }]
  expect(names({ axes: more, include })).toEqual(expect.arrayContaining([...names({ axes: two })]))
})
