// What Ignition cannot do must not be half done: the boot ends in the initrd, and the console says at which stage and why.

import { describe, expect, test } from '../../harness/index.ts'

const cases = [
  {
    name: 'kernel-arguments',
    description: 'Arguments for the kernel are refused where nothing of the image can write them.',
    config: { ignition: { version: '3.3.0' }, kernelArguments: { shouldExist: ['sbx.argument=1'] } },
    stage: 'kargs',
    says: /kernelArguments is not supported|failed to exec.*ignition-kargs-helper|exit status 1/,
  },
  {
    name: 'other-filesystem',
    description: 'A filesystem of another type that may not be wiped is left as it is.',
    config: {
      ignition: { version: '3.0.0' },
      storage: {
        filesystems: [{ device: '/dev/disk/by-partlabel/OEM', format: 'vfat', wipeFilesystem: false }],
      },
    },
    stage: 'disks',
    says: /not of the correct type/,
  },
  {
    name: 'file-in-the-way',
    description: 'A file that is there already is not replaced unless the config says so.',
    config: {
      ignition: { version: '3.0.0' },
      storage: { files: [{ path: '/etc/hosts', contents: { source: 'data:,mine' } }] },
    },
    stage: 'files',
    says: /exists|overwrite/,
  },
] as const

describe(
  'ignition.refused',
  {
    distros: ['reference'],
    tags: ['system'],
    firstBoot: true,
    machines: 0,
    expectedMessages: [
      'ignition-failed',
      'initrd-emergency',
      'emergency-shell',
      'unit-failed',
      'dependency-failed',
    ],
    timeoutMs: 120_000,
  },
  () => {
    for (const { name, description, config, stage, says } of cases) {
      test(name, { description }, async ({ cluster }) => {
        const machine = await cluster.boot({ waitFor: 'nothing', ignition: config })
        await machine.console.waitFor(/signalbox: emergency in the initrd: begin/)
        await machine.console.waitFor(
          new RegExp(`signalbox: failed units:.*\\bignition-${stage}\\.service\\b`),
        )
        await machine.console.waitFor(/signalbox: emergency in the initrd: end/)
        const lines = machine.console.lines()
        expect(lines.filter((line) => says.test(line)).length).toBeGreaterThan(0)
        expect(
          lines.filter((line) => /signalbox: (?:Ignition finished|multi-user reached)|login:/.test(line)),
        ).toEqual([])
        await machine.power('cut')
      })
    }
  },
)
