// The doors to AWS: one client a service, one queue for all of them. At most 20 requests are in flight, no more a second than is set,
// and throttled ones are tried again with growing pauses, so that a busy account makes a run slow and not red.

import { EBSClient } from '@aws-sdk/client-ebs'
import { EC2Client } from '@aws-sdk/client-ec2'
import { S3Client } from '@aws-sdk/client-s3'
import { SSMClient } from '@aws-sdk/client-ssm'
import { STSClient } from '@aws-sdk/client-sts'
import PQueue from 'p-queue'
import { UsageError } from '../../harness/errors.ts'
import { mapError } from './errors.ts'
import type { AwsConfig } from './settings.ts'

/** Requests in flight at the same time. */
export const IN_FLIGHT = 20

export interface Aws extends Disposable {
  readonly region: string
  readonly ec2: EC2Client
  readonly ebs: EBSClient
  readonly s3: S3Client
  readonly ssm: SSMClient
  readonly sts: STSClient
  /**
   * Makes one request when it is its turn. `what` reads after "AWS cannot" when it fails. An abort ends the waiting, and the request where
   * that is given up without harm: it is not for what makes something.
   */
  call<T>(what: string, request: (options: RequestOptions) => Promise<T>, signal?: AbortSignal): Promise<T>
}

export interface RequestOptions {
  readonly abortSignal?: AbortSignal
}

/** Opens the clients; makes no request. Throws UsageError where no region is known. */
export async function openAws({
  region: named,
  profile,
  requestsPerSecond,
  attempts,
}: Pick<AwsConfig, 'region' | 'profile' | 'requestsPerSecond' | 'attempts'>): Promise<Aws> {
  const options = {
    maxAttempts: attempts,
    ...(named === undefined ? {} : { region: named }),
    ...(profile === undefined ? {} : { profile }),
  }
  const ec2 = new EC2Client(options)
  const region = await ec2.config.region().catch(() => undefined)
  if (region === undefined || region === '') {
    ec2.destroy()
    throw new UsageError('no AWS region is known', {
      code: 'no-region',
      hint: 'set AWS_REGION, a profile that has one, or --set region=NAME',
    })
  }
  const clients = {
    ec2,
    ebs: new EBSClient(options),
    // Buckets as a part of the path, as servers of a single name want it; AWS itself takes both.
    s3: new S3Client({ ...options, forcePathStyle: process.env['AWS_ENDPOINT_URL'] !== undefined }),
    ssm: new SSMClient(options),
    sts: new STSClient(options),
  }
  const queue = new PQueue({
    concurrency: IN_FLIGHT,
    // As buckets at AWS are: some at once, and then no more than are refilled.
    interval: 1000,
    intervalCap: requestsPerSecond,
  })
  return {
    region,
    ...clients,
    async call(what, request, signal) {
      try {
        signal?.throwIfAborted()
        return await queue.add(async () => {
          signal?.throwIfAborted()
          return await request(signal === undefined ? {} : { abortSignal: signal })
        })
      } catch (error) {
        signal?.throwIfAborted()
        throw mapError(error, what)
      }
    },
    [Symbol.dispose]() {
      for (const client of Object.values(clients)) client.destroy()
    },
  }
}
