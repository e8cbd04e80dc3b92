// What makes another template and what does not: one change at a time.

import { describe, expect, test } from 'vitest'
import type { MachineSpec } from '../../harness/machine.ts'
import type { Image } from '../../harness/model.ts'
import { bootDiskImage, testSpec } from './boot-disk-image.test.fixture.ts'
import type { Host } from './host.ts'
import { keyOfAll, templateKey } from './template-key.ts'

const host: Host = {
  architecture: 'x86_64',
  emulator: { path: '/usr/bin/qemu-system-x86_64', version: '10.0.2', modifiedMs: 1 },
  accelerator: { accelerator: 'tcg', reason: 'no KVM', measuredAt: '2026-01-01T00:00:00Z', key: 'k' },
  slowness: { factor: 8, reason: '' },
  firmwares: ['direct', 'bios', 'uefi', 'uefi-secure'],
  hasTpm: false,
  programs: new Set(),
  budget: { memoryMiB: 4096, cpus: 4 },
}
const image: Image = {
  ...bootDiskImage('/images/disk.raw'),
  firmwares: ['direct', 'bios', 'uefi', 'uefi-secure'],
  direct: { kernel: '/k', initrd: '/i', arguments: 'quiet', firstBootArguments: 'ignition.firstboot=1' },
}
const spec: MachineSpec = {
  ...testSpec('m0'),
  hostName: 'm0-0123abcd',
  disks: [{ serial: 'data', sizeMiB: 10 }],
  ignition: '{"ignition":{"version":"3.0.0"}}',
}
const KEY = templateKey(spec, image, host)
const { emulator, accelerator } = host
const { direct } = image
if (direct === undefined) throw new Error('the image has a kernel')

test('a key is a SHA-256 in hexadecimal, the same each time', () => {
  expect(KEY).toMatch(/^[0-9a-f]{64}$/)
  expect(templateKey({ ...spec }, { ...image }, { ...host })).toBe(KEY)
})

describe('the same template', () => {
  test.each<[string, string]>([
    ['under another name', templateKey({ ...spec, name: 'm7' }, image, host)],
    ['with another host name', templateKey({ ...spec, hostName: 'm7-ffffffff' }, image, host)],
    ['on a host with more memory', templateKey(spec, image, { ...host, budget: { memoryMiB: 1, cpus: 1 } })],
    [
      'after the accelerator was measured again',
      templateKey(spec, image, {
        ...host,
        accelerator: { ...accelerator, measuredAt: '2027-01-01', reason: 'x' },
      }),
    ],
  ])('%s', (_, key) => {
    expect(key).toBe(KEY)
  })
})

describe('another template', () => {
  const others: readonly [string, string][] = [
    ['more memory', templateKey({ ...spec, memoryMiB: 128 }, image, host)],
    ['more CPUs', templateKey({ ...spec, cpus: 2 }, image, host)],
    ['no extra disk', templateKey({ ...spec, disks: [] }, image, host)],
    ['a bigger disk', templateKey({ ...spec, disks: [{ serial: 'data', sizeMiB: 11 }] }, image, host)],
    ['another bus', templateKey({ ...spec, primaryDisk: { bus: 'scsi' } }, image, host)],
    ['other sectors', templateKey({ ...spec, primaryDisk: { sectorSize: 4096 } }, image, host)],
    [
      'two paths',
      templateKey({ ...spec, disks: [{ serial: 'data', sizeMiB: 10, bus: 'scsi', paths: 2 }] }, image, host),
    ],
    ['a boot order', templateKey({ ...spec, bootOrder: ['data', 'primary-disk'] }, image, host)],
    ['two nodes', templateKey({ ...spec, numaNodes: 2 }, image, host)],
    ['another serial', templateKey({ ...spec, disks: [{ serial: 'd', sizeMiB: 10 }] }, image, host)],
    ['a grown primary disk', templateKey({ ...spec, primaryDiskMiB: 100 }, image, host)],
    ['another config', templateKey({ ...spec, ignition: '{"ignition":{"version":"3.1.0"}}' }, image, host)],
    ['a space more in the config', templateKey({ ...spec, ignition: `${spec.ignition} ` }, image, host)],
    ['kernel arguments', templateKey({ ...spec, kernelArguments: ['debug'] }, image, host)],
    ['another firmware', templateKey({ ...spec, firmware: 'bios' }, image, host)],
    ['UEFI', templateKey({ ...spec, firmware: 'uefi' }, image, host)],
    ['secure boot', templateKey({ ...spec, firmware: 'uefi-secure' }, image, host)],
    ['a private network', templateKey({ ...spec, privateIndex: 0 }, image, host)],
    ['another place on it', templateKey({ ...spec, privateIndex: 1 }, image, host)],
    [
      'another image',
      templateKey(
        spec,
        { ...image, identity: { ...image.identity, digest: `sha256:${'1'.repeat(64)}` } },
        host,
      ),
    ],
    [
      'the same image that lies elsewhere: what is saved are overlays over the file',
      templateKey(spec, { ...image, disk: { path: '/elsewhere', format: 'raw' } }, host),
    ],
    ['another version', templateKey(spec, { ...image, identity: { ...image.identity, version: '2' } }, host)],
    [
      'other arguments of the image',
      templateKey(spec, { ...image, direct: { ...direct, arguments: 'debug' } }, host),
    ],
    ['another QEMU', templateKey(spec, image, { ...host, emulator: { ...emulator, version: '10.0.3' } })],
    [
      'a QEMU installed again',
      templateKey(spec, image, { ...host, emulator: { ...emulator, modifiedMs: 2 } }),
    ],
    ['a QEMU elsewhere', templateKey(spec, image, { ...host, emulator: { ...emulator, path: '/opt/q' } })],
    [
      'another accelerator',
      templateKey(spec, image, { ...host, accelerator: { ...accelerator, accelerator: 'kvm' } }),
    ],
  ]

  test.each(others)('%s', (_, key) => {
    expect(key).toMatch(/^[0-9a-f]{64}$/)
    expect(key).not.toBe(KEY)
  })

  test('no two of them are the same', () => {
    expect(new Set(others.map(([, key]) => key)).size).toBe(others.length)
  })
})

test('several machines have a key of their own: of each, of their order, of what was done to them', () => {
  const other = templateKey({ ...spec, cpus: 2 }, image, host)
  const keys = [
    keyOfAll([KEY], ''),
    keyOfAll([KEY], 'joined'),
    keyOfAll([KEY, KEY], ''),
    keyOfAll([KEY, other], ''),
    keyOfAll([other, KEY], ''),
  ]
  expect(new Set(keys).size).toBe(keys.length)
  expect(keyOfAll([KEY], '')).toBe(keys[0])
})
