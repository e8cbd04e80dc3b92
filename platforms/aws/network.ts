// The network of a run: given, or made when the first machine is: a VPC with one public subnet, and a security group that lets SSH in from
// the caller's address and machines talk with one another. Everything is written down before it is made, and goes with the session.

import {
  AttachInternetGatewayCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateInternetGatewayCommand,
  CreateRouteCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  ModifySubnetAttributeCommand,
} from '@aws-sdk/client-ec2'
import { randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { InfraError, messageOf, UsageError } from '../../harness/errors.ts'
import type { AwsContext } from './context.ts'
import { removeResource } from './remove.ts'
import { intend, tagSpecifications } from './tags.ts'

export interface Network extends AsyncDisposable {
  readonly subnet: string
  readonly securityGroup: string
}

/** Private, and not one that people's own networks often have. */
const BLOCK = '10.213.0.0/20'

/** Finds or makes it. What fails leaves nothing behind. */
export async function openNetwork(context: AwsContext, signal: AbortSignal): Promise<Network> {
  const { config } = context
  await using stack = new AsyncDisposableStack()
  const given = config.subnet
  const { subnet, vpc } =
    given === undefined ? await makeSubnet(context, stack, signal) : await findSubnet(context, given, signal)
  const securityGroup =
    config.securityGroup ??
    (await makeSecurityGroup(context, stack, vpc, await callers(context, signal), signal))
  const owned = stack.move()
  return { subnet, securityGroup, [Symbol.asyncDispose]: async () => await owned.disposeAsync() }
}

/**
 * Makes one thing: writes down the intent, makes it with its tags, and defers its removal. The request is not aborted half-way, because
 * what it made would then not be known.
 */
export async function makeResource(
  context: AwsContext,
  stack: AsyncDisposableStack,
  kind: string,
  signal: AbortSignal,
  make: () => Promise<string | undefined>,
): Promise<string> {
  signal.throwIfAborted()
  const { aws, run } = context
  const intent = intend(`aws-${randomBytes(6).toString('hex')}`, run, aws.region, kind)
  let id: string | undefined
  try {
    id = await make()
  } catch (error) {
    // Whether it was made is not known when the answer got lost: then the entry stays, for the reaper.
    if (error instanceof UsageError || (error instanceof InfraError && error.code !== 'aws-failed'))
      intent[Symbol.dispose]()
    throw error
  }
  if (id === undefined)
    throw new InfraError(`AWS made a ${kind} and did not say its id`, { code: 'aws-failed' })
  const made = id
  stack.defer(async () => {
    await removeResource(aws, { kind, id: made })
    intent[Symbol.dispose]()
  })
  signal.throwIfAborted()
  return made
}

async function makeSubnet(
  context: AwsContext,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<{ readonly subnet: string; readonly vpc: string }> {
  const { aws, run, config } = context
  const { ec2 } = aws
  const tagged = { run, name: 'network', ttlMs: config.ttlMs }
  const vpc = await makeResource(context, stack, 'vpc', signal, async () => {
    const TagSpecifications = tagSpecifications(tagged, 'vpc')
    const made = await aws.call(
      'make a VPC',
      async (options) =>
        await ec2.send(new CreateVpcCommand({ CidrBlock: BLOCK, TagSpecifications }), options),
    )
    return made.Vpc?.VpcId
  })
  const gateway = await makeResource(context, stack, 'internet-gateway', signal, async () => {
    const TagSpecifications = tagSpecifications(tagged, 'internet-gateway')
    const made = await aws.call(
      'make an internet gateway',
      async (options) => await ec2.send(new CreateInternetGatewayCommand({ TagSpecifications }), options),
    )
    return made.InternetGateway?.InternetGatewayId
  })
  await aws.call(
    'attach the internet gateway',
    async (options) =>
      await ec2.send(new AttachInternetGatewayCommand({ VpcId: vpc, InternetGatewayId: gateway }), options),
  )
  const subnet = await makeResource(context, stack, 'subnet', signal, async () => {
    const TagSpecifications = tagSpecifications(tagged, 'subnet')
    const made = await aws.call(
      'make a subnet',
      async (options) =>
        await ec2.send(new CreateSubnetCommand({ VpcId: vpc, CidrBlock: BLOCK, TagSpecifications }), options),
    )
    return made.Subnet?.SubnetId
  })
  await aws.call(
    'give machines of the subnet public addresses',
    async (options) =>
      await ec2.send(
        new ModifySubnetAttributeCommand({ SubnetId: subnet, MapPublicIpOnLaunch: { Value: true } }),
        options,
      ),
  )
  const Filters = [
    { Name: 'vpc-id', Values: [vpc] },
    { Name: 'association.main', Values: ['true'] },
  ]
  const { RouteTables: [table] = [] } = await aws.call(
    'find the routes of the VPC',
    async (options) => await ec2.send(new DescribeRouteTablesCommand({ Filters }), options),
  )
  await aws.call(
    'make a route',
    async (options) =>
      await ec2.send(
        new CreateRouteCommand({
          RouteTableId: table?.RouteTableId,
          DestinationCidrBlock: '0.0.0.0/0',
          GatewayId: gateway,
        }),
        options,
      ),
  )
  return { subnet, vpc }
}

async function makeSecurityGroup(
  context: AwsContext,
  stack: AsyncDisposableStack,
  vpc: string,
  callersBlocks: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const { aws, run, config } = context
  const { ec2 } = aws
  const group = await makeResource(context, stack, 'security-group', signal, async () => {
    const made = await aws.call(
      'make a security group',
      async (options) =>
        await ec2.send(
          new CreateSecurityGroupCommand({
            VpcId: vpc,
            GroupName: `signalbox-${run}-${randomBytes(3).toString('hex')}`.slice(0, 255),
            Description: 'Machines of a Signalbox run',
            TagSpecifications: tagSpecifications(
              { run, name: 'network', ttlMs: config.ttlMs },
              'security-group',
            ),
          }),
          options,
        ),
    )
    return made.GroupId
  })
  await aws.call(
    'open SSH to the caller',
    async (options) =>
      await ec2.send(
        new AuthorizeSecurityGroupIngressCommand({
          GroupId: group,
          IpPermissions: [
            {
              IpProtocol: 'tcp',
              FromPort: 22,
              ToPort: 22,
              IpRanges: callersBlocks.map((CidrIp) => ({ CidrIp, Description: 'the caller' })),
            },
            { IpProtocol: '-1', UserIdGroupPairs: [{ GroupId: group }] },
          ],
        }),
        options,
      ),
  )
  return group
}

async function findSubnet(
  { aws }: AwsContext,
  subnet: string,
  signal: AbortSignal,
): Promise<{ readonly subnet: string; readonly vpc: string }> {
  const { Subnets: [found] = [] } = await aws.call(
    `find the subnet ${subnet}`,
    async (options) => await aws.ec2.send(new DescribeSubnetsCommand({ SubnetIds: [subnet] }), options),
    signal,
  )
  if (found?.VpcId === undefined)
    throw new UsageError(`there is no subnet ${subnet} in ${aws.region}`, { code: 'no-subnet' })
  return { subnet, vpc: found.VpcId }
}

/** From where machines may be reached: as was set, else the address that this host has for the world. */
async function callers({ config }: AwsContext, signal: AbortSignal): Promise<readonly string[]> {
  if (config.allowFrom.length > 0) return config.allowFrom
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(10_000)])
    const response = await fetch(config.addressService, { signal: limit })
    const address = (await response.text()).trim().slice(0, 100)
    if (response.ok && isIP(address) === 4) return [`${address}/32`]
    throw new Error(`it answered ${response.status}`)
  } catch (cause) {
    signal.throwIfAborted()
    throw new InfraError(
      `this host's own address is not known: ${config.addressService}: ${messageOf(cause)}`,
      {
        code: 'no-own-address',
        hint: 'say from where machines are reached: --set allow-from=203.0.113.7/32',
        cause,
      },
    )
  }
}
