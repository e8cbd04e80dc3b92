// Removing things, each kind by its request. What is gone already is removed; what something else still uses is tried again for a while.

import {
  DeleteInternetGatewayCommand,
  DeleteKeyPairCommand,
  DeleteSecurityGroupCommand,
  DeleteSnapshotCommand,
  DeleteSubnetCommand,
  DeleteVolumeCommand,
  DeleteVpcCommand,
  DeregisterImageCommand,
  DescribeInternetGatewaysCommand,
  DetachInternetGatewayCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2'
import { DeleteObjectCommand } from '@aws-sdk/client-s3'
import { sleep } from '../../harness/deadline.ts'
import { InfraError } from '../../harness/errors.ts'
import type { Aws, RequestOptions } from './clients.ts'
import { isInUse, isNotFound } from './errors.ts'

/** What must go first in front. */
export const removalOrder = [
  'machine',
  'image',
  'snapshot',
  'volume',
  'key-pair',
  'security-group',
  'subnet',
  'internet-gateway',
  'vpc',
  'object',
] as const

/** Network cards of a machine go a while after it. */
const IN_USE_MS = 180_000

export interface Resource {
  /** One of `removalOrder`. */
  readonly kind: string
  /** Of an object: `bucket/key`. */
  readonly id: string
}

/** Removes one thing. Throws InfraError or UsageError when AWS refuses. */
export async function removeResource(aws: Aws, resource: Resource, signal?: AbortSignal): Promise<void> {
  const startedAt = performance.now()
  for (let pauseMs = 500; ; pauseMs = Math.min(pauseMs * 2, 10_000)) {
    const outcome = await aws.call(
      `remove ${resource.kind} ${resource.id}`,
      async (options): Promise<'gone' | 'in-use'> => {
        try {
          await send(aws, resource, options)
          return 'gone'
        } catch (error) {
          if (isNotFound(error)) return 'gone'
          if (isInUse(error) && performance.now() - startedAt < IN_USE_MS) return 'in-use'
          throw error
        }
      },
      signal,
    )
    if (outcome === 'gone') return
    await sleep(pauseMs, signal)
  }
}

async function send(aws: Aws, { kind, id }: Resource, options: RequestOptions): Promise<unknown> {
  const { ec2, s3 } = aws
  switch (kind as (typeof removalOrder)[number]) {
    case 'machine':
      return await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }), options)
    case 'image':
      return await ec2.send(new DeregisterImageCommand({ ImageId: id }), options)
    case 'snapshot':
      return await ec2.send(new DeleteSnapshotCommand({ SnapshotId: id }), options)
    case 'volume':
      return await ec2.send(new DeleteVolumeCommand({ VolumeId: id }), options)
    case 'key-pair':
      return await ec2.send(new DeleteKeyPairCommand({ KeyName: id }), options)
    case 'security-group':
      return await ec2.send(new DeleteSecurityGroupCommand({ GroupId: id }), options)
    case 'subnet':
      return await ec2.send(new DeleteSubnetCommand({ SubnetId: id }), options)
    case 'internet-gateway':
      await detach(aws, id, options)
      return await ec2.send(new DeleteInternetGatewayCommand({ InternetGatewayId: id }), options)
    case 'vpc':
      return await ec2.send(new DeleteVpcCommand({ VpcId: id }), options)
    case 'object': {
      const slash = id.indexOf('/')
      const Bucket = id.slice(0, slash)
      return await s3.send(new DeleteObjectCommand({ Bucket, Key: id.slice(slash + 1) }), options)
    }
    default:
      throw new InfraError(`nobody knows how to remove a ${kind}`, { code: 'aws-failed' })
  }
}

async function detach({ ec2 }: Aws, id: string, options: RequestOptions): Promise<void> {
  const { InternetGateways: [gateway] = [] } = await ec2.send(
    new DescribeInternetGatewaysCommand({ InternetGatewayIds: [id] }),
    options,
  )
  for (const { VpcId } of gateway?.Attachments ?? []) {
    try {
      await ec2.send(new DetachInternetGatewayCommand({ InternetGatewayId: id, VpcId }), options)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}
