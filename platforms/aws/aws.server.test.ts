// The AWS platform beyond the contract, against moto's EC2, EBS, S3 and SSM: images, networks, budgets, throttling.

import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  DescribeSubnetsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2'
import { EBSClient, GetSnapshotBlockCommand } from '@aws-sdk/client-ebs'
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { EventBody } from '../../harness/events.ts'
import type { MachineSpec, OpenOptions, PlatformMachine, PlatformSession } from '../../harness/machine.ts'
import type { Image } from '../../harness/model.ts'
import { awsPlatform } from './index.ts'
import { awsEnvironment, SOME_AMI, startMoto } from './moto.test.fixture.ts'

const moto = await startMoto()
const folder = mkdtempSync(join(tmpdir(), 'aws-'))
process.env['SIGNALBOX_RUNTIME'] = join(folder, 'run')
Object.assign(process.env, awsEnvironment(moto.url), { SIGNALBOX_AWS_REQUESTS: '1000' })
const ec2 = new EC2Client({ endpoint: moto.directUrl })
const ebs = new EBSClient({ endpoint: moto.directUrl })
const ssm = new SSMClient({ endpoint: moto.directUrl })
afterAll(async () => {
  for (const client of [ec2, ebs, ssm]) client.destroy()
  await moto[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})
const { signal } = new AbortController()
const events: EventBody[] = []

const held = (identity: Partial<Image['identity']> = {}): Image => ({
  identity: {
    digest: 'sha256:',
    distro: 'flatcar',
    version: '1.0.0',
    channel: 'stable',
    architecture: 'x86_64',
    ...identity,
  },
  firmwares: ['uefi'],
})
const spec = (more: Partial<MachineSpec> = {}): MachineSpec => ({
  name: 'm0',
  architecture: 'x86_64',
  memoryMiB: 512,
  cpus: 1,
  tpm: false,
  disks: [],
  ...more,
})

async function open(
  settings: Readonly<Record<string, string>>,
  more: Partial<OpenOptions> = {},
): Promise<PlatformSession> {
  return await awsPlatform.open({
    image: held(),
    emit: (event) => events.push(event),
    signal,
    run: 'a-run',
    settings: new Map(
      Object.entries({
        'allow-from': '203.0.113.7/32',
        'console-wait-seconds': '0',
        'console-seconds': '3600',
        ...settings,
      }),
    ),
    ...more,
  })
}
const create = async (session: PlatformSession, wanted = spec()): Promise<PlatformMachine> =>
  await session.create(wanted, { folder: mkdtempSync(join(folder, 'm-')), signal })

describe('which image is booted', () => {
  test.each<[string, Readonly<Record<string, string>>, Partial<Image['identity']>, string]>([
    ['by its id', { ami: SOME_AMI }, {}, SOME_AMI],
    ['by an SSM parameter', { 'ami-parameter': '/images/flatcar' }, {}, 'ami-0f1a7ca7000000002'],
    ['by channel and version', {}, { version: '1.0.0' }, 'ami-0f1a7ca7000000001'],
    ['the newest of a channel', {}, { version: 'current' }, 'ami-0f1a7ca7000000002'],
    ['of another architecture', {}, { version: '2.0.0', architecture: 'arm64' }, 'ami-0f1a7ca7000000003'],
    ['of Fedora CoreOS', {}, { distro: 'fcos', version: '43.1.0' }, 'ami-0fc0500000000001'],
    [
      'by owner and name',
      { 'image-owner': '125523088429', 'image-name': 'fedora-*' },
      {},
      'ami-0fc0500000000001',
    ],
  ])('%s', async (_, settings, identity, ami) => {
    await ssm.send(
      new PutParameterCommand({
        Name: '/images/flatcar',
        Value: '{"image":"ami-0f1a7ca7000000002"}',
        Type: 'String',
        Overwrite: true,
      }),
    )
    const image = held(identity)
    await using session = await open(settings, { image })
    await using machine = await create(session, spec({ architecture: image.identity.architecture }))
    expect(machine.facts['image']).toBe(ami)
  })

  test.each<[string, Readonly<Record<string, string>>, Partial<Image['identity']>, string]>([
    ['an id that is not there', { ami: 'ami-00000000' }, {}, 'aws-failed'],
    ['a version that is not there', {}, { version: '9.9.9' }, 'no-ami'],
    ['a distro that nobody publishes', {}, { distro: 'reference' }, 'no-ami'],
    [
      'of another architecture than asked',
      { ami: SOME_AMI },
      { architecture: 'arm64' },
      'wrong-architecture',
    ],
  ])('%s is refused', async (_, settings, identity, code) => {
    const image = held(identity)
    await using session = await open(settings, { image })
    await expect(create(session, spec({ architecture: image.identity.architecture }))).rejects.toMatchObject({
      code,
    })
  })
})

test('a disk image is imported once, block by block, and its snapshot holds what the disk holds', async () => {
  const path = join(folder, 'disk.raw')
  const block = randomBytes(512 * 1024)
  // Two blocks with something in them, one empty, and a tail.
  const disk = Buffer.concat([block, Buffer.alloc(512 * 1024), block, Buffer.from('tail')])
  writeFileSync(path, disk)
  const digest = `sha256:${createHash('sha256').update(disk).digest('hex')}`
  const image: Image = { ...held({ digest, distro: 'reference' }), disk: { path, format: 'raw' } }
  const boot = async (): Promise<unknown> => {
    await using session = await open({}, { image })
    await using machine = await create(session)
    return machine.facts['image']
  }
  const first = await boot()
  const before = moto.counts.total()
  expect(await boot()).toBe(first)
  // No block is sent again.
  expect(moto.counts.total() - before).toBeLessThan(40)
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ['self'] }))
  expect(Images).toHaveLength(1)
  expect(Images[0]?.Name).toBe(`signalbox-reference-1.0.0-x86_64-${digest.slice(7, 39)}`)
  const { Snapshots = [] } = await ec2.send(
    new DescribeSnapshotsCommand({ Filters: [{ Name: 'tag:signalbox:digest', Values: [digest] }] }),
  )
  expect(Snapshots).toHaveLength(1)
  const read = async (BlockIndex: number): Promise<Buffer> => {
    const SnapshotId = Snapshots[0]?.SnapshotId
    const { BlockData } = await ebs.send(
      new GetSnapshotBlockCommand({ SnapshotId, BlockIndex, BlockToken: 'any' }),
    )
    return Buffer.from((await BlockData?.transformToByteArray()) ?? [])
  }
  expect((await read(0)).equals(block)).toBe(true)
  expect((await read(2)).equals(block)).toBe(true)
  expect((await read(3)).subarray(0, 4).toString()).toBe('tail')
  await expect(read(1)).rejects.toThrow()
  // It outlives the run, and goes when its time is over.
  const leases = (await awsPlatform.leases?.({})) ?? expect.unreachable('it has leases')
  const left = await leases.list(signal)
  expect(left.map(({ kind }) => kind)).toEqual(['image', 'snapshot'])
  for (const { expiresAtMs } of left) expect(expiresAtMs).toBeGreaterThan(Date.now() + 13 * 86_400_000)
  expect(await leases.reap(left, signal)).toEqual([])
  expect(await leases.list(signal)).toEqual([])
})

test('the network of a run lets the caller in, whose address is asked for, and goes with the run', async () => {
  const service = createServer((_, response) => response.end('198.51.100.23\n')).listen(0, '127.0.0.1')
  await once(service, 'listening')
  const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
  const groups = async () => {
    const Filters = [{ Name: 'tag-key', Values: ['signalbox:run'] }]
    return (await ec2.send(new DescribeSecurityGroupsCommand({ Filters }))).SecurityGroups ?? []
  }
  {
    await using session = await open({
      ami: SOME_AMI,
      'allow-from': '198.51.100.0/24',
      'address-service': url,
    })
    await using machine = await create(session)
    void machine
    expect((await groups())[0]?.IpPermissions?.[0]?.IpRanges?.map(({ CidrIp }) => CidrIp)).toEqual([
      '198.51.100.0/24',
    ])
  }
  {
    await using session = await awsPlatform.open({
      image: held(),
      emit: () => undefined,
      signal,
      settings: new Map([
        ['ami', SOME_AMI],
        ['address-service', url],
        ['console-wait-seconds', '0'],
      ]),
    })
    await using machine = await create(session)
    void machine
    expect((await groups())[0]?.IpPermissions).toMatchObject([
      { FromPort: 22, ToPort: 22, IpRanges: [{ CidrIp: '198.51.100.23/32' }] },
      { IpProtocol: '-1' },
    ])
  }
  expect(await groups()).toEqual([])
  service.close()
})

test('a given network is used and stays; machines are spot, with IMDSv2 and the asked disk', async () => {
  const { Subnets: [subnet] = [] } = await ec2.send(new DescribeSubnetsCommand({}))
  const { SecurityGroups: [group] = [] } = await ec2.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'vpc-id', Values: [subnet?.VpcId ?? ''] }] }),
  )
  const given = { subnet: subnet?.SubnetId ?? '', 'security-group': group?.GroupId ?? '', spot: 'yes' }
  const before = moto.counts.total()
  {
    await using session = await open({ ami: SOME_AMI, ...given, 'private-address': 'yes' })
    await using machine = await create(session, spec({ primaryDiskMiB: 20 * 1024 }))
    const page = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [machine.id] }))
    const instance = page.Reservations?.[0]?.Instances?.[0]
    expect(instance).toMatchObject({
      SubnetId: given.subnet,
      InstanceLifecycle: 'spot',
      MetadataOptions: { HttpTokens: 'required' },
      InstanceType: 't3.small',
    })
    expect((await machine.ssh(signal)).host).toBe(instance?.PrivateIpAddress)
    expect(session.facts['market']).toBe('spot')
  }
  expect(moto.counts.total() - before).toBeLessThan(15)
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds: [given.subnet] }))
  expect(Subnets).toHaveLength(1)
})

test('a machine that is taken away is the fault of the platform, with the reason that AWS gives', async () => {
  await using session = await open({ ami: SOME_AMI })
  await using machine = await create(session)
  const leases = (await awsPlatform.leases?.({})) ?? expect.unreachable('it has leases')
  await leases.reap(
    (await leases.list(signal)).filter(({ id }) => id === machine.id),
    signal,
  )
  expect(await machine.exited).toMatchObject({
    expected: false,
    blame: 'platform',
    reason: expect.stringContaining('taken away'),
  })
  await expect(machine.ssh(signal)).rejects.toMatchObject({ name: 'InfraError', code: 'machine-gone' })
})

describe('budgets', () => {
  test('one machine more than allowed is refused until another one has ended', async () => {
    await using session = await open({ ami: SOME_AMI }, { limits: { maxMachines: 1 } })
    const first = await create(session)
    await expect(create(session)).rejects.toMatchObject({ name: 'InfraError', code: 'over-budget' })
    await first[Symbol.asyncDispose]()
    await using second = await create(session)
    expect(second.name).toBe('m0')
  })

  test('no machine is made that would cost more than is left', async () => {
    // A minute of the smallest type is about $0.0004.
    await using session = await open({ ami: SOME_AMI }, { limits: { maxCost: 0.0005 } })
    const first = await create(session)
    await first[Symbol.asyncDispose]()
    await expect(create(session)).rejects.toMatchObject({ name: 'InfraError', code: 'over-budget' })
  })

  test('what a plan costs is known before, unless the type has no known price', async () => {
    await using session = await open({ ami: SOME_AMI })
    expect(session.estimateCost?.(spec(), 2, 3_600_000)).toBeCloseTo(2 * (0.0208 + 0.005 + 0.8 / 730), 6)
    await using unknown = await open({ ami: SOME_AMI, 'instance-type': 'x9.huge' })
    expect(unknown.estimateCost?.(spec(), 1, 1)).toBeUndefined()
    await using priced = await open({ ami: SOME_AMI, 'instance-type': 'x9.huge', price: '9' })
    expect(priced.estimateCost?.(spec(), 1, 3_600_000)).toBeCloseTo(9.005 + 0.8 / 730, 6)
  })
})

test('of requests that are throttled three in ten, none is seen; at most 20 are in flight', async () => {
  let seed = 42
  // A linear congruential generator, so that each run throttles the same requests.
  const next = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31
  let throttled = 0
  moto.counts.reset()
  using rule = moto.rule(() => {
    if (next() >= 0.3) return 'pass'
    throttled += 1
    return { refuse: 'RequestLimitExceeded' }
  })
  void rule
  {
    await using session = await open({ ami: SOME_AMI }, { limits: { maxMachines: 100 } })
    const made = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => await create(session, spec({ name: `m${index}` }))),
    )
    await Promise.all(made.map(async (machine) => await machine[Symbol.asyncDispose]()))
  }
  expect(throttled).toBeGreaterThan(10)
  expect(moto.counts.mostInFlight()).toBeLessThanOrEqual(20)
  rule[Symbol.dispose]()
  const leases = (await awsPlatform.leases?.({})) ?? expect.unreachable('it has leases')
  expect(await leases.list(signal)).toEqual([])
  expect(events.filter((event) => event.type === 'run.notice')).toEqual([])
})
