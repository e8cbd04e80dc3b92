// An opened AWS platform. Nothing is made before the first machine is asked for; what is made then for all of them (the network, the key pair)
// goes with the session, and an imported image with its time.

import {
  DescribeInstancesCommand,
  ImportKeyPairCommand,
  RunInstancesCommand,
  type _InstanceType,
} from '@aws-sdk/client-ec2'
import { randomBytes } from 'node:crypto'
import { abortable } from '../../harness/deadline.ts'
import { InfraError, UsageError } from '../../harness/errors.ts'
import type { CreateOptions, MachineSpec, OpenOptions, PlatformSession } from '../../harness/machine.ts'
import { formatMiB } from '../../harness/memory-text.ts'
import { refuseSpecialHardware } from '../special-hardware.ts'
import { awsCapabilities } from './capabilities.ts'
import { openAws } from './clients.ts'
import type { AwsContext } from './context.ts'
import { isNotFound } from './errors.ts'
import { resolveAmi, type ResolvedAmi } from './image.ts'
import { openMachine, type AwsMachine } from './machine.ts'
import { makeResource, openNetwork, type Network } from './network.ts'
import { biggestType, machineCost, openSpending, pricePerHour, typeFor } from './prices.ts'
import { removeResource } from './remove.ts'
import { readAws } from './settings.ts'
import { intend, LEASE_TAG, leaseOf, RUN_TAG, tagSpecifications } from './tags.ts'
import { deliverable } from './user-data.ts'
import { openWatcher } from './watcher.ts'

export const NO_TPM = 'needs a TPM; machines at AWS get none yet'

/** Where nothing else is said. */
const MOST_MACHINES = 20

/** The machines of this process, for a session that adopts one of another. */
const machines = new Map<string, AwsMachine>()

interface Shared {
  readonly ami: ResolvedAmi
  readonly network: Network
  readonly keyName: string | undefined
}

/** Checks settings and region; makes no request. */
export async function openSession(options: OpenOptions): Promise<PlatformSession> {
  const { image, emit, limits = {}, run = `none-${randomBytes(4).toString('hex')}` } = options
  const config = readAws(options)
  const stack = new AsyncDisposableStack()
  const aws = stack.use(await openAws(config))
  const spending = openSpending()
  const context: AwsContext = { aws, config, run, emit, spending }
  const watcher = stack.use(openWatcher(aws))
  const things = stack.use(new AsyncDisposableStack())
  const own = new Set<AwsMachine>()
  const creations = new Set<Promise<unknown>>()
  const closing = new AbortController()
  const most = limits.maxMachines ?? MOST_MACHINES
  let shared: Promise<Shared> | undefined

  // The first machine's wait is not the others': it may be aborted, and they want what is being made.
  const share = async (): Promise<Shared> => {
    const { signal } = closing
    const making = [
      resolveAmi(context, image, signal),
      openNetwork(context, signal).then((made) => things.use(made)),
      makeKeyPair(context, options.login?.key.publicKey, things, signal),
    ] as const
    // Also when one of them fails: what the others make meanwhile must be known before the session is closed.
    await Promise.allSettled(making)
    const [ami, network, keyName] = await Promise.all(making)
    return { ami, network, keyName }
  }
  const refuses = (spec: MachineSpec): readonly string[] => refusalsOf(spec, options, config.instanceType)
  const perHour = (spec: MachineSpec): number | undefined =>
    config.price ??
    (config.instanceType === undefined ? typeFor(spec)?.perHour : pricePerHour(config.instanceType))
  const requireBudget = (spec: MachineSpec, diskGiB: number): void => {
    if (spending.running >= most)
      throw new InfraError(
        `this run has ${spending.running} machines; ${most} are allowed at the same time`,
        {
          code: 'over-budget',
          hint: 'run fewer jobs (-j), or allow more with --max-machines',
        },
      )
    const { maxCost } = limits
    const price = perHour(spec)
    if (maxCost === undefined || price === undefined) return
    const next = spending.total() + machineCost(price, diskGiB, 0)
    if (next > maxCost)
      throw new InfraError(
        `another machine would bring this run to $${next.toFixed(4)}; --max-cost is $${maxCost}`,
        {
          code: 'over-budget',
        },
      )
  }
  const track = (machine: AwsMachine): AwsMachine => {
    machine.leaveSession()
    own.add(machine)
    machines.set(machine.id, machine)
    machine.leaveSession = () => {
      own.delete(machine)
      machines.delete(machine.id)
    }
    return machine
  }
  const make = async (spec: MachineSpec, wish: CreateOptions): Promise<AwsMachine> => {
    const signal = AbortSignal.any([wish.signal, closing.signal])
    shared ??= share()
    shared.catch(() => (shared = undefined))
    const { ami, network, keyName } = await abortable(shared, signal)
    await using undo = new AsyncDisposableStack()
    requireBudget(spec, ami.diskGiB)
    const diskGiB = Math.max(ami.diskGiB, Math.ceil((spec.primaryDiskMiB ?? 0) / 1024))
    undo.use(spending.start(perHour(spec) ?? 0, diskGiB))
    const userData =
      spec.ignition === undefined ? undefined : await deliverable(context, spec.ignition, undo, signal)
    signal.throwIfAborted()
    const type = config.instanceType ?? typeFor(spec)?.name ?? ''
    const id = await runInstance(context, undo, { spec, type, ami, network, keyName, userData, diskGiB })
    const belongings = undo.move()
    const facts = { type, region: aws.region, image: ami.id, market: config.isSpot ? 'spot' : 'on-demand' }
    return await openMachine(
      context,
      watcher,
      { instance: id, name: spec.name, facts, belongings },
      { ...wish, signal },
    )
  }
  const within = async (work: Promise<AwsMachine>): Promise<AwsMachine> => {
    creations.add(work)
    try {
      return track(await work)
    } finally {
      creations.delete(work)
    }
  }
  return {
    // Processors are no limit, neither of jobs nor of machines that come up at once.
    budget: { memoryMiB: most * 1024, cpus: most * 4 },
    capabilities: new Set(awsCapabilities),
    facts: { region: aws.region, market: config.isSpot ? 'spot' : 'on-demand', accelerator: 'nitro' },
    slowness: 1,
    refuses,
    estimateCost(spec, count, durationMs) {
      const price = perHour(spec)
      return price === undefined
        ? undefined
        : count * machineCost(price, Math.max(10, (spec.primaryDiskMiB ?? 0) / 1024), durationMs)
    },
    async create(spec, wish) {
      if (closing.signal.aborted) throw closing.signal.reason
      wish.signal.throwIfAborted()
      const reasons = refuses(spec)
      if (reasons.length > 0)
        throw new UsageError(`the machine ${reasons.join('; also ')}`, { code: 'machine-refused' })
      return await within(make(spec, wish))
    },
    async adopt(id, wish) {
      if (closing.signal.aborted) throw closing.signal.reason
      const ours = machines.get(id)
      if (ours !== undefined) return track(ours)
      await requireOurs(context, id, wish.signal)
      const belongings = new AsyncDisposableStack()
      belongings.use(spending.start(config.price ?? 0, 10))
      const facts = { region: aws.region }
      return await within(openMachine(context, watcher, { instance: id, name: id, facts, belongings }, wish))
    },
    async [Symbol.asyncDispose]() {
      closing.abort(new UsageError('the platform is closed', { code: 'platform-closed' }))
      await Promise.allSettled([...creations, shared])
      await Promise.all([...own].map(async (machine) => await machine[Symbol.asyncDispose]()))
      await stack.disposeAsync()
    },
  }
}

/** Starts one instance. The request is not aborted; where its answer is lost, whatever it made is found by its tag and ended. */
async function runInstance(
  context: AwsContext,
  undo: AsyncDisposableStack,
  {
    spec,
    type,
    ami,
    network,
    keyName,
    userData,
    diskGiB,
  }: Shared & {
    readonly spec: MachineSpec
    readonly type: string
    readonly userData: string | undefined
    readonly diskGiB: number
  },
): Promise<string> {
  const { aws, config, run } = context
  const lease = `aws-${randomBytes(8).toString('hex')}`
  const intent = intend(lease, run, aws.region, 'machine')
  const tagged = { run, name: spec.name, ttlMs: config.ttlMs, more: { [LEASE_TAG]: lease } }
  try {
    const { Instances: [instance] = [] } = await aws.call(
      `start a machine of type ${type}`,
      async (options) =>
        await aws.ec2.send(
          new RunInstancesCommand({
            ClientToken: lease,
            ImageId: ami.id,
            InstanceType: type as _InstanceType,
            MinCount: 1,
            MaxCount: 1,
            ...(keyName === undefined ? {} : { KeyName: keyName }),
            ...(userData === undefined ? {} : { UserData: Buffer.from(userData).toString('base64') }),
            ...(config.iamProfile === undefined ? {} : { IamInstanceProfile: { Name: config.iamProfile } }),
            ...(config.isSpot
              ? {
                  InstanceMarketOptions: {
                    MarketType: 'spot',
                    SpotOptions: { SpotInstanceType: 'one-time' },
                  },
                }
              : {}),
            MetadataOptions: { HttpTokens: 'required', HttpEndpoint: 'enabled', HttpPutResponseHopLimit: 2 },
            // A spot machine cannot be stopped; another one may be switched on again after it has shut itself down.
            InstanceInitiatedShutdownBehavior: config.isSpot ? 'terminate' : 'stop',
            NetworkInterfaces: [
              {
                DeviceIndex: 0,
                SubnetId: network.subnet,
                Groups: [network.securityGroup],
                AssociatePublicIpAddress: !config.usesPrivateAddress,
              },
            ],
            BlockDeviceMappings: [
              {
                DeviceName: ami.rootDevice,
                Ebs: { VolumeType: 'gp3', DeleteOnTermination: true, VolumeSize: diskGiB },
              },
            ],
            TagSpecifications: tagSpecifications(tagged, 'instance', 'volume', 'network-interface'),
          }),
          options,
        ),
    )
    if (instance?.InstanceId === undefined)
      throw new InfraError('AWS started a machine and did not say its id', { code: 'aws-failed' })
    undo.use(intent)
    return instance.InstanceId
  } catch (error) {
    for (const id of await findByLease(context, lease)) await removeResource(aws, { kind: 'machine', id })
    intent[Symbol.dispose]()
    throw error
  }
}

async function findByLease({ aws }: AwsContext, lease: string): Promise<readonly string[]> {
  const Filters = [{ Name: `tag:${LEASE_TAG}`, Values: [lease] }]
  const { Reservations = [] } = await aws.call(
    'look for a machine whose start was not answered',
    async (options) => await aws.ec2.send(new DescribeInstancesCommand({ Filters }), options),
  )
  return Reservations.flatMap(({ Instances = [] }) => Instances.flatMap(({ InstanceId }) => InstanceId ?? []))
}

/** The harness's key under a name of the run, for images that take it from EC2's metadata. */
async function makeKeyPair(
  context: AwsContext,
  publicKey: string | undefined,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (publicKey === undefined) return undefined
  const { aws, run, config } = context
  const KeyName = `signalbox-${run}-${randomBytes(3).toString('hex')}`.slice(0, 255)
  await makeResource(context, stack, 'key-pair', signal, async () => {
    await aws.call(
      'import a key pair',
      async (options) =>
        await aws.ec2.send(
          new ImportKeyPairCommand({
            KeyName,
            PublicKeyMaterial: Buffer.from(publicKey),
            TagSpecifications: tagSpecifications({ run, name: 'key', ttlMs: config.ttlMs }, 'key-pair'),
          }),
          options,
        ),
    )
    return KeyName
  })
  return KeyName
}

async function requireOurs({ aws }: AwsContext, id: string, signal: AbortSignal): Promise<void> {
  const found = await aws
    .call(
      `find the machine ${id}`,
      async (options) => {
        try {
          return await aws.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }), options)
        } catch (error) {
          if (isNotFound(error) || /Malformed/.test(String(error))) return undefined
          throw error
        }
      },
      signal,
    )
    .then((page) => page?.Reservations?.[0]?.Instances?.[0])
  if (leaseOf('machine', id, aws.region, found?.Tags) !== undefined && found?.State?.Name !== 'terminated')
    return
  throw new UsageError(`there is no machine ${id} with the tag ${RUN_TAG} in ${aws.region}`, {
    code: 'no-such-machine',
    hint: 'those there are: signalbox gc --platform aws --older-than 0s --dry-run',
  })
}

function refusalsOf(
  spec: MachineSpec,
  { image: { identity } }: OpenOptions,
  instanceType: string | undefined,
): readonly string[] {
  const type = typeFor(spec)
  const most = biggestType(spec.architecture)
  return [
    spec.architecture === identity.architecture
      ? undefined
      : `needs architecture ${spec.architecture}; the image is for ${identity.architecture}`,
    instanceType === undefined && type === undefined
      ? `needs ${formatMiB(spec.memoryMiB)} of memory and ${spec.cpus} CPUs a machine; the largest known type, ${most?.name ?? 'none'}, has ${formatMiB(most?.memoryMiB ?? 0)} and ${most?.cpus ?? 0}`
      : undefined,
    spec.disks.length > 0
      ? `needs ${spec.disks.length} extra disks; machines at AWS get none yet`
      : undefined,
    spec.tpm ? NO_TPM : undefined,
    ...refuseSpecialHardware(spec, 'machines at AWS have that of their type'),
    spec.privateIndex === undefined
      ? undefined
      : 'needs a private network; machines at AWS have that of their run',
    (spec.kernelArguments?.length ?? 0) > 0 ? 'needs kernel arguments; AWS hands over none' : undefined,
    spec.image === undefined ? undefined : 'needs another image; a run at AWS has one',
  ].filter((reason) => reason !== undefined)
}
