import { expect, it } from 'vitest'
import type { Target } from '../model.ts'
import { skipReasons } from '../plan/select.ts'
import { validateRequirements } from '../requirements.ts'
import { readHeader } from './header.ts'
import { needsOf } from './needs.ts'

const needs = (json: string): ReturnType<typeof needsOf> =>
  needsOf(readHeader('t', `# kola: ${json}\n`)?.meta ?? {})

const target: Target = {
  name: 'qemu-x86_64-direct-stable',
  platform: 'qemu',
  architecture: 'x86_64',
  firmware: 'direct',
  channel: 'stable',
  distro: 'fcos',
  version: '1.2.0',
}

const reasonFor = (
  json: string,
  tags: readonly string[] = [],
  where: Partial<Target> = {},
): string | undefined => {
  const requirements = needs(json)
  validateRequirements('t', requirements)
  const location = { file: 't', line: 1, column: 1 }
  return skipReasons(
    { name: 't', requirements, body: () => undefined, location },
    { ...target, ...where },
    tags,
  )[0]
}

it('asks for nothing without a header but time', () => {
  expect(needs('{}')).toEqual({ tags: ['external'], timeoutMs: 600_000 })
})

it('maps what a machine can have', () => {
  expect(
    needs(
      '{"minMemory": 4096, "minDisk": 15, "additionalDisks": ["5G", "300M:serial=data"], "appendKernelArgs": "a=1 b", "timeoutMin": 3}',
    ),
  ).toEqual({
    tags: ['external'],
    timeoutMs: 180_000,
    memoryMiB: 4096,
    primaryDiskMiB: 15_360,
    disks: [
      { serial: 'disk2', sizeMiB: 5120 },
      { serial: 'data', sizeMiB: 300 },
    ],
    kernelArguments: ['a=1', 'b'],
  })
})

it('maps how disks are attached, and NUMA', () => {
  expect(
    needs(
      '{"primaryDisk": ":mpath", "additionalDisks": ["5G:channel=nvme,4k", "1G:channel=scsi,serial=a"], "numaNodes": true}',
    ),
  ).toMatchObject({
    primaryDisk: { bus: 'scsi', paths: 2 },
    disks: [
      { serial: 'disk2', sizeMiB: 5120, bus: 'nvme', sectorSize: 4096 },
      { serial: 'a', sizeMiB: 1024, bus: 'scsi' },
    ],
    numaNodes: 2,
  })
  expect(needs('{"primaryDisk": "20G", "numaNodes": false}')).toEqual({
    tags: ['external'],
    timeoutMs: 600_000,
    primaryDiskMiB: 20_480,
  })
})

it('shares one machine when it is not exclusive, and is quick then', () => {
  expect(needs('{"exclusive": false, "conflicts": ["x"]}')).toEqual({
    tags: ['external'],
    timeoutMs: 60_000,
    exclusive: false,
    oneMachine: true,
    conflicts: ['x'],
  })
  expect(needs('{"machines": 3}')).toMatchObject({ machines: 3, privateNetwork: true })
})

it('leaves out the checks that a tag says', () => {
  expect(needs('{"tags": "skip-base-checks"}').leaveOutChecks).toEqual(['failed-units', 'console', 'journal'])
  expect(needs('{"tags": "skip-console-warnings"}').leaveOutChecks).toEqual(['console'])
})

it.each([
  ['{"platforms": "aws gcp"}', /needs platform aws or gcp/],
  ['{"platforms": "qemu-unpriv"}', undefined],
  ['{"platforms": "!qemu"}', /not on platform qemu/],
  ['{"platforms": "!aws gcp"}', undefined],
  ['{"architectures": "s390x ppc64le"}', /only for s390x, ppc64le \(key "architectures"\)/],
  ['{"architectures": "! x86_64"}', /not on architecture x86_64/],
  ['{"architectures": "!s390x"}', undefined],
  ['{"architectures": "aarch64"}', /needs architecture arm64/],
  ['{"architectures": "riscv64"}', /needs architecture riscv64/],
  ['{"distros": "rhcos"}', /only for rhcos \(key "distros"\)/],
  ['{"distros": "fcos"}', undefined],
  ['{"distros": "!fcos"}', /not on distro fcos/],
  ['{"requiredTag": "special"}', /only with --tag special/],
  ['{"numaNodes": true}', undefined],
  ['{"additionalNics": 2}', /"additionalNics" \(2\)/],
  ['{"appendFirstbootKernelArgs": "ip=dhcp"}', /"appendFirstbootKernelArgs"/],
  ['{"injectContainer": true}', /"injectContainer"/],
  ['{"bindMountHostRO": ["/a,/b"]}', /"bindMountHostRO"/],
  ['{"bootFrom": "iso"}', /"bootFrom" \(iso\)/],
  ['{"requiredHostPorts": [2049]}', /"requiredHostPorts" \(2049\)/],
  ['{"primaryDisk": ":512e"}', /"primaryDisk" \(:512e\)/],
  ['{"additionalDisks": ["5G:wwn=1"]}', /"additionalDisks" \(5G:wwn=1: wwn=1\)/],
  ['{"additionalDisks": ["big"]}', /"additionalDisks" \(big: no size\)/],
  ['{"noInstanceCreds": true, "instanceType": "x", "allowConfigWarnings": true}', undefined],
])('%s is skipped with the reason, or runs', (json, reason) => {
  const found = reasonFor(json)
  if (reason === undefined) expect(found).toBeUndefined()
  else expect(found).toMatch(reason)
})

it('is not skipped when its required tag is asked for', () => {
  expect(reasonFor('{"requiredTag": "special"}', ['special'])).toBeUndefined()
  expect(needs('{"requiredTag": "special"}').tags).toContain('special')
})

it('minds what only a cloud has, on a cloud', () => {
  expect(reasonFor('{"noInstanceCreds": true}', [], { platform: 'aws' })).toMatch(/"noInstanceCreds"/)
  expect(reasonFor('{"instanceType": "m5.large"}', [], { platform: 'aws' })).toMatch(
    /"instanceType" \(m5\.large\)/,
  )
})
