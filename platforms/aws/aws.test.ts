// The pure parts of the AWS platform, in tables.

import { describe, expect, test } from 'vitest'
import type { MachineSpec } from '../../harness/machine.ts'
import { IN_FLIGHT, openAws } from './clients.ts'
import { newIn } from './console.ts'
import { mapError } from './errors.ts'
import { machineCost, openSpending, typeFor } from './prices.ts'
import { readAws } from './settings.ts'
import { leaseOf, tagsOf } from './tags.ts'
import { stubOf } from './user-data.ts'

const LONG = Array.from({ length: 40 }, (_, index) => `[    ${index}.000000] a line of a kernel\n`).join('')

test.each([
  ['the same', LONG, LONG, ''],
  ['the first words', 'boot', 'booting\n', 'ing\n'],
  ['more', LONG, `${LONG}more\n`, 'more\n'],
  ['nothing before', '', LONG, LONG],
  ['a window that has moved on', LONG, `${LONG.slice(300)}more\n`, 'more\n'],
  ['a part of what was there', LONG, LONG.slice(500), ''],
  ['another boot', LONG, 'Linux version 7\nbooting\n', 'Linux version 7\nbooting\n'],
  ['a flood without an overlap', LONG, 'x'.repeat(64), 'x'.repeat(64)],
])('what a later reading of a console has beyond an earlier one: %s', (_, earlier, later, more) => {
  expect(newIn(earlier, later)).toBe(more)
})

test('no more requests are in flight than AWS bears, and a failed one makes room', async () => {
  using aws = await openAws({ region: 'us-east-1', profile: undefined, requestsPerSecond: 1000, attempts: 1 })
  let inFlight = 0
  let most = 0
  const request = async (index: number): Promise<void> => {
    inFlight += 1
    most = Math.max(most, inFlight)
    await new Promise(setImmediate)
    inFlight -= 1
    if (index % 3 === 0) throw new Error('no')
  }
  const calls = Array.from({ length: 60 }, async (_, index) =>
    aws.call('look', async () => await request(index)),
  )
  const ends = await Promise.allSettled(calls)
  expect(ends.filter(({ status }) => status === 'rejected')).toHaveLength(20)
  expect(most).toBe(IN_FLIGHT)
})

function awsError(name: string, message = 'no'): Error {
  return Object.assign(new Error(message), { name })
}

test.each([
  ['RequestLimitExceeded', 'InfraError', 'aws-throttled'],
  ['ThrottlingException', 'InfraError', 'aws-throttled'],
  ['VcpuLimitExceeded', 'InfraError', 'aws-quota'],
  ['VpcLimitExceeded', 'InfraError', 'aws-quota'],
  ['MaxSpotInstanceCountExceeded', 'InfraError', 'aws-quota'],
  ['InsufficientInstanceCapacity', 'InfraError', 'aws-no-capacity'],
  ['SpotMaxPriceTooLow', 'InfraError', 'aws-no-capacity'],
  ['AuthFailure', 'UsageError', 'aws-credentials'],
  ['ExpiredToken', 'UsageError', 'aws-credentials'],
  ['UnauthorizedOperation', 'UsageError', 'aws-denied'],
  ['InternalError', 'InfraError', 'aws-failed'],
])('%s is a %s %s', (name, kind, code) => {
  expect(mapError(awsError(name), 'start a machine')).toMatchObject({ name: kind, code })
})

test('messages of AWS are shown without key ids, signatures and encoded authorizations', () => {
  const message =
    'AKIAIOSFODNN7EXAMPLE https://x/?X-Amz-Signature=abc&X-Amz-Security-Token=def Encoded authorization failure message: ghi'
  const shown = mapError(awsError('AccessDenied', message), 'do it').message
  for (const secret of ['IOSFODNN7', 'abc', 'def', 'ghi']) expect(shown).not.toContain(secret)
})

const spec = (more: Partial<MachineSpec>): MachineSpec => ({
  name: 'm0',
  architecture: 'x86_64',
  memoryMiB: 1024,
  cpus: 2,
  tpm: false,
  disks: [],
  ...more,
})

test.each([
  [{}, 't3.small'],
  [{ architecture: 'arm64' as const }, 't4g.small'],
  [{ memoryMiB: 2049 }, 't3.medium'],
  [{ cpus: 4 }, 'm7i.xlarge'],
  [{ cpus: 17 }, undefined],
])('the smallest type for %j is %s', (more, name) => {
  expect(typeFor(spec(more))?.name).toBe(name)
})

test('a machine costs a minute at least, with its disk and its address', () => {
  expect(machineCost(0.06, 0, 0)).toBeCloseTo(0.065 / 60, 10)
  expect(machineCost(0.06, 730, 7_200_000)).toBeCloseTo(2 * (0.065 + 0.08), 10)
})

test('what a run has spent grows while machines run, and stays when they have ended', () => {
  let nowMs = 0
  const spending = openSpending(() => nowMs)
  const machine = spending.start(0.095, 0)
  nowMs = 3_600_000
  expect(spending.total()).toBeCloseTo(0.1, 10)
  expect(spending.running).toBe(1)
  machine[Symbol.dispose]()
  machine[Symbol.dispose]()
  nowMs *= 2
  spending.count('ebs-put-block', 1000)
  expect(spending.total()).toBeCloseTo(0.106, 10)
  expect(spending.running).toBe(0)
})

test('tags say whose it is and until when; what others wrote into them is old, not new', () => {
  const tags = tagsOf({ run: 'r', name: 'm0', ttlMs: 5000 }, 1_700_000_000_500)
  expect(leaseOf('machine', 'i-1', 'here', tags)).toEqual({
    kind: 'machine',
    id: 'i-1',
    run: 'r',
    place: 'here',
    createdAtMs: 1_700_000_000_000,
    expiresAtMs: 1_700_000_005_000,
  })
  expect(leaseOf('machine', 'i-1', 'here', [{ Key: 'Name', Value: 'signalbox-r-m0' }])).toBeUndefined()
  const broken = tags.map(({ Key = '' }) => ({ Key, Value: 'soon' }))
  expect(leaseOf('machine', 'i-1', 'here', broken)).toMatchObject({ createdAtMs: 0, expiresAtMs: 0 })
})

test('a stub has the version of the config that replaces it, and its hash', () => {
  const stub: unknown = JSON.parse(stubOf('{"ignition":{"version":"2.3.0"}}', 'https://bucket/key'))
  expect(stub).toEqual({
    ignition: {
      version: '2.3.0',
      config: {
        replace: {
          source: 'https://bucket/key',
          verification: { hash: expect.stringMatching(/^sha512-[0-9a-f]{128}$/) },
        },
      },
    },
  })
})

describe('settings that cannot be used', () => {
  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['an unknown one', { regoin: 'x' }, 'unknown-setting'],
    ['an id that is none', { ami: 'ubuntu' }, 'bad-setting'],
    ['two images', { ami: 'ami-0123456789abcdef0', 'ami-parameter': '/x' }, 'bad-setting'],
    ['a group without its network', { 'security-group': 'sg-1' }, 'bad-setting'],
    ['the whole world by accident', { 'allow-from': 'everywhere' }, 'bad-setting'],
    ['a block that is none', { 'allow-from': '10.0.0.0/33' }, 'bad-setting'],
    ['neither yes nor no', { spot: 'true' }, 'bad-setting'],
    ['a price that is none', { price: 'cheap' }, 'bad-setting'],
    ['no time to live', { 'ttl-hours': '0' }, 'bad-setting'],
  ])('%s', (_, settings, code) => {
    expect(() => readAws({ settings: new Map(Object.entries(settings)), env: {} })).toThrow(
      expect.objectContaining({ name: 'UsageError', code }),
    )
  })
})
