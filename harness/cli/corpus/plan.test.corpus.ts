// A corpus for the CLI's own tests: every way in which a test gets its machines, and every reason why it cannot.

import { describe, test } from '../../index.ts'

const body = (): void => undefined
const file = (path: string) => ({
  ignition: { version: '3.0.0' },
  storage: { files: [{ path, mode: 420, contents: { source: 'data:,x' } }] },
})

for (const name of ['a', 'b', 'c']) test(`equal.${name}`, body)

describe('merged', { exclusive: false }, () => {
  test('one', { ignition: file('/etc/one') }, body)
  test('two', { ignition: file('/etc/two') }, body)
})

describe('one-machine', { exclusive: false, oneMachine: true, memoryMiB: 512 }, () => {
  test('one', body)
  test('two', body)
})

test('cluster', { machines: 3, privateNetwork: true, memoryMiB: 512 }, body)
test.extend('ready', { machines: 3, privateNetwork: true, memoryMiB: 512 }, body)('prepared-cluster', body)
test('first-boot', { firstBoot: true }, body)
test('own-machines', { machines: 0 }, body)
test('made-config', { ignition: () => file('/etc/made') }, body)
test('with-tpm', { tpm: true }, body)

describe('unmet', () => {
  test('accelerator', { accelerators: ['kvm'] }, body)
  test('architecture', { architectures: ['arm64'] }, body)
  test('channel', { channels: ['beta', 'stable'] }, body)
  test('cores', { cpus: 16 }, body)
  test('distro', { distros: ['fcos'] }, body)
  test('firmware', { firmwares: ['direct', 'bios'] }, body)
  test('machines', { machines: 5, firstBoot: true }, body)
  test('memory', { memoryMiB: 65_536 }, body)
  test('platform', { platforms: ['aws', 'gce'] }, body)
  test('several', { platforms: ['aws'], firmwares: ['bios'], cpus: 16, machines: 8, firstBoot: true }, body)
  test('version', { versions: '>=2.0.0' }, body)
})
