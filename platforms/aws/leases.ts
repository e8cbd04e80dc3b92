// What runs have left at AWS, found by tags alone: in the region that is set, and in those where runs of this host were killed.

import {
  DescribeInstancesCommand,
  DescribeImagesCommand,
  DescribeInternetGatewaysCommand,
  DescribeKeyPairsCommand,
  DescribeSecurityGroupsCommand,
  DescribeSnapshotsCommand,
  DescribeSubnetsCommand,
  DescribeVolumesCommand,
  DescribeVpcsCommand,
  type Tag,
} from '@aws-sdk/client-ec2'
import { GetObjectTaggingCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { messageOf } from '../../harness/errors.ts'
import { readLedger, strikeFromLedger } from '../../harness/ledger.ts'
import type { Lease, Leases, PlatformContext } from '../../harness/machine.ts'
import { openAws, type Aws, type RequestOptions } from './clients.ts'
import { awsName, isNotFound } from './errors.ts'
import { removalOrder, removeResource } from './remove.ts'
import { readAws, type AwsConfig } from './settings.ts'
import { AWS_KIND, leaseOf, RUN_TAG } from './tags.ts'
import { OBJECT_PREFIX, ownBucketName } from './user-data.ts'
import { openWatcher, untilState } from './watcher.ts'

const TERMINATED_MS = 600_000

/** Opens the view; makes no request. */
export async function openLeases(context: PlatformContext): Promise<Leases> {
  const config = readAws(context)
  const deadEntries = () => readLedger().filter(({ kind, ownerAlive }) => kind === AWS_KIND && !ownerAlive)
  const deadRuns = (): ReadonlySet<string> => {
    const alive = new Set(
      readLedger().flatMap(({ kind, ownerAlive, data }) =>
        kind === AWS_KIND && ownerAlive ? [String(data['run'])] : [],
      ),
    )
    return new Set(
      deadEntries().flatMap(({ data }) => (alive.has(String(data['run'])) ? [] : [String(data['run'])])),
    )
  }
  const regionsOf = async (): Promise<readonly string[]> => {
    using first = await openAws(config)
    return [...new Set([first.region, ...deadEntries().map(({ data }) => String(data['region']))])]
  }
  const list = async (signal: AbortSignal): Promise<readonly Lease[]> => {
    const found: Lease[] = []
    for (const region of await regionsOf()) {
      using aws = await openAws({ ...config, region })
      found.push(...(await listRegion(aws, config, signal)))
    }
    return found.toSorted((a, b) => orderOf(a) - orderOf(b))
  }
  // Of a dead run of which nothing is there any more, the intents are history.
  const forgetDeadRuns = async (signal: AbortSignal): Promise<void> => {
    const dead = deadRuns()
    if (dead.size === 0) return
    const there = new Set((await list(signal)).map(({ run }) => run))
    for (const { id, data } of deadEntries()) {
      const run = String(data['run'])
      if (dead.has(run) && !there.has(run)) strikeFromLedger(id)
    }
  }
  return await Promise.resolve({
    deadRuns,
    list,
    async reap(leases, signal) {
      const failed: { readonly lease: Lease; readonly reason: string }[] = []
      const ordered = leases.toSorted((a, b) => orderOf(a) - orderOf(b))
      for (const region of new Set(leases.map(({ place }) => place))) {
        using aws = await openAws({ ...config, region })
        const own = ordered.filter(({ place }) => place === region)
        failed.push(...(await reapRegion(aws, own, signal)))
      }
      await forgetDeadRuns(signal)
      return failed
    },
  })
}

function orderOf({ kind }: Lease): number {
  return removalOrder.findIndex((each) => each === kind)
}

async function reapRegion(
  aws: Aws,
  leases: readonly Lease[],
  signal: AbortSignal,
): Promise<readonly { readonly lease: Lease; readonly reason: string }[]> {
  const failed: { lease: Lease; reason: string }[] = []
  await using watcher = openWatcher(aws)
  const one = async (lease: Lease): Promise<void> => {
    try {
      await removeResource(aws, lease, signal)
      if (lease.kind !== 'machine') return
      // What it uses can go only after it.
      const limit = AbortSignal.any([signal, AbortSignal.timeout(TERMINATED_MS)])
      await untilState(
        watcher,
        lease.id,
        (found) => found === undefined || found.State?.Name === 'terminated',
        limit,
      )
    } catch (error) {
      signal.throwIfAborted()
      failed.push({ lease, reason: messageOf(error) })
    }
  }
  for (const kind of removalOrder)
    await Promise.all(leases.filter((lease) => lease.kind === kind).map(async (lease) => await one(lease)))
  return failed
}

interface Page {
  readonly items: readonly { readonly id: string | undefined; readonly tags: readonly Tag[] | undefined }[]
  readonly next: string | undefined
}

type Lister = (aws: Aws, NextToken: string | undefined, options: RequestOptions) => Promise<Page>

const Filters = [{ Name: 'tag-key', Values: [RUN_TAG] }]

/** One request a kind and page. */
const listers: Readonly<Record<Exclude<(typeof removalOrder)[number], 'object'>, Lister>> = {
  machine: async ({ ec2 }, NextToken, options) => {
    const page = await ec2.send(new DescribeInstancesCommand({ Filters, NextToken }), options)
    const all = (page.Reservations ?? []).flatMap(({ Instances = [] }) => Instances)
    // One that has ended is listed for about an hour more.
    const there = all.filter(({ State }) => State?.Name !== 'terminated')
    return { items: there.map(({ InstanceId: id, Tags: tags }) => ({ id, tags })), next: page.NextToken }
  },
  image: async ({ ec2 }, NextToken, options) => {
    const page = await ec2.send(new DescribeImagesCommand({ Filters, Owners: ['self'], NextToken }), options)
    return {
      items: (page.Images ?? []).map(({ ImageId: id, Tags: tags }) => ({ id, tags })),
      next: page.NextToken,
    }
  },
  snapshot: async ({ ec2 }, NextToken, options) => {
    const page = await ec2.send(
      new DescribeSnapshotsCommand({ Filters, OwnerIds: ['self'], NextToken }),
      options,
    )
    return {
      items: (page.Snapshots ?? []).map(({ SnapshotId: id, Tags: tags }) => ({ id, tags })),
      next: page.NextToken,
    }
  },
  volume: async ({ ec2 }, NextToken, options) => {
    const page = await ec2.send(new DescribeVolumesCommand({ Filters, NextToken }), options)
    // What is attached goes with its machine.
    const free = (page.Volumes ?? []).filter(({ State }) => State === 'available')
    return { items: free.map(({ VolumeId: id, Tags: tags }) => ({ id, tags })), next: page.NextToken }
  },
  'key-pair': async ({ ec2 }, _next, options) => {
    const page = await ec2.send(new DescribeKeyPairsCommand({ Filters }), options)
    return {
      items: (page.KeyPairs ?? []).map(({ KeyName: id, Tags: tags }) => ({ id, tags })),
      next: undefined,
    }
  },
  'security-group': async ({ ec2 }, NextToken, options) => {
    const page = await ec2.send(new DescribeSecurityGroupsCommand({ Filters, NextToken }), options)
    return {
      items: (page.SecurityGroups ?? []).map(({ GroupId: id, Tags: tags }) => ({ id, tags })),
      next: page.NextToken,
    }
  },
  subnet: async ({ ec2 }, NextToken, options) => {
    const page = await ec2.send(new DescribeSubnetsCommand({ Filters, NextToken }), options)
    return {
      items: (page.Subnets ?? []).map(({ SubnetId: id, Tags: tags }) => ({ id, tags })),
      next: page.NextToken,
    }
  },
  'internet-gateway': async ({ ec2 }, NextToken, options) => {
    const page = await ec2.send(new DescribeInternetGatewaysCommand({ Filters, NextToken }), options)
    const all = page.InternetGateways ?? []
    return { items: all.map(({ InternetGatewayId: id, Tags: tags }) => ({ id, tags })), next: page.NextToken }
  },
  vpc: async ({ ec2 }, NextToken, options) => {
    const page = await ec2.send(new DescribeVpcsCommand({ Filters, NextToken }), options)
    return {
      items: (page.Vpcs ?? []).map(({ VpcId: id, Tags: tags }) => ({ id, tags })),
      next: page.NextToken,
    }
  },
}

async function listRegion(aws: Aws, config: AwsConfig, signal: AbortSignal): Promise<readonly Lease[]> {
  const kinds = await Promise.all(
    Object.entries(listers).map(async ([kind, lister]) => {
      const found: Lease[] = []
      let next: string | undefined
      do {
        const token = next
        const page = await aws.call(
          `list ${kind}s`,
          async (options) => await lister(aws, token, options),
          signal,
        )
        found.push(...page.items.flatMap(({ id, tags }) => leaseOf(kind, id, aws.region, tags) ?? []))
        ;({ next } = page)
      } while (next !== undefined && next !== '')
      return found
    }),
  )
  return [...kinds.flat(), ...(await listObjects(aws, config, signal))]
}

async function listObjects(aws: Aws, config: AwsConfig, signal: AbortSignal): Promise<readonly Lease[]> {
  const Bucket = config.bucket ?? (await ownBucketName(aws, signal))
  const leases: Lease[] = []
  let ContinuationToken: string | undefined
  do {
    const token = ContinuationToken
    const page = await aws.call(
      `list the objects in ${Bucket}`,
      async (options) => {
        try {
          return await aws.s3.send(
            new ListObjectsV2Command({ Bucket, Prefix: OBJECT_PREFIX, ContinuationToken: token }),
            options,
          )
        } catch (error) {
          if (awsName(error) === 'NoSuchBucket') return undefined
          throw error
        }
      },
      signal,
    )
    for (const { Key } of page?.Contents ?? []) {
      const tags = await aws.call(
        'read the tags of an object',
        async (options) => {
          try {
            return await aws.s3.send(new GetObjectTaggingCommand({ Bucket, Key }), options)
          } catch (error) {
            // It went in between.
            if (isNotFound(error)) return undefined
            throw error
          }
        },
        signal,
      )
      const lease = leaseOf('object', `${Bucket}/${Key ?? ''}`, aws.region, tags?.TagSet)
      if (lease !== undefined) leases.push(lease)
    }
    ContinuationToken = page?.NextContinuationToken
  } while (ContinuationToken !== undefined)
  return leases
}
