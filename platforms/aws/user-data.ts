// How a config reaches a machine: as user data up to EC2's limit, and over it as a stub that names the real one: an object that can be read
// for a short time with a signed URL, and whose hash the stub knows.

import {
  CreateBucketCommand,
  GetObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3'
import type { BucketLocationConstraint } from '@aws-sdk/client-s3'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { createHash, randomBytes } from 'node:crypto'
import { InfraError } from '../../harness/errors.ts'
import type { AwsContext } from './context.ts'
import type { Aws } from './clients.ts'
import { awsName } from './errors.ts'
import { removeResource } from './remove.ts'
import { intend, tagsOf } from './tags.ts'

/** Before base64: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html */
export const USER_DATA_LIMIT = 16 * 1024
/** Long enough for a first boot that is slow. */
const URL_SECONDS = 1800
/** All objects of ours lie below it. */
export const OBJECT_PREFIX = 'signalbox/'

/** The text to hand over. What is put elsewhere for it goes with `stack`. */
export async function deliverable(
  context: AwsContext,
  ignition: string,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<string> {
  if (Buffer.byteLength(ignition) <= USER_DATA_LIMIT) return ignition
  const { aws, run, config, spending } = context
  const Bucket = config.bucket ?? (await ownBucket(aws, signal))
  const Key = `${OBJECT_PREFIX}${run}/${randomBytes(12).toString('hex')}.ign`
  const intent = intend(`aws-${randomBytes(6).toString('hex')}`, run, aws.region, 'object')
  stack.defer(async () => {
    await removeResource(aws, { kind: 'object', id: `${Bucket}/${Key}` })
    intent[Symbol.dispose]()
  })
  const tags = tagsOf({ run, name: 'config', ttlMs: config.ttlMs })
  const Tagging = new URLSearchParams(
    tags.map(({ Key: key = '', Value = '' }): [string, string] => [key, Value]),
  ).toString()
  spending.count('s3-put')
  await aws.call(
    'put a config into a bucket',
    async (options) =>
      await aws.s3.send(
        new PutObjectCommand({ Bucket, Key, Body: ignition, Tagging, ServerSideEncryption: 'AES256' }),
        options,
      ),
  )
  signal.throwIfAborted()
  spending.count('s3-get')
  const source = await getSignedUrl(aws.s3, new GetObjectCommand({ Bucket, Key }), { expiresIn: URL_SECONDS })
  return stubOf(ignition, source)
}

/** A config of the same version that is replaced by the one at `source`. */
export function stubOf(ignition: string, source: string): string {
  const { ignition: { version = '3.3.0' } = {} } = JSON.parse(ignition) as {
    readonly ignition?: { readonly version?: string }
  }
  const hash = `sha512-${createHash('sha512').update(ignition).digest('hex')}`
  return JSON.stringify({ ignition: { version, config: { replace: { source, verification: { hash } } } } })
}

/** The name of the bucket that is made when none is given: one an account and region, for all runs. */
export async function ownBucketName(aws: Aws, signal?: AbortSignal): Promise<string> {
  const { Account } = await aws.call(
    'say who is calling',
    async (options) => await aws.sts.send(new GetCallerIdentityCommand({}), options),
    signal,
  )
  if (Account === undefined)
    throw new InfraError('AWS does not say which account this is', { code: 'aws-failed' })
  return `signalbox-${Account}-${aws.region}`
}

async function ownBucket(aws: Aws, signal: AbortSignal): Promise<string> {
  const Bucket = await ownBucketName(aws, signal)
  await aws.call(
    `make the bucket ${Bucket}`,
    async (options) => {
      try {
        await aws.s3.send(new HeadBucketCommand({ Bucket }), options)
        return
      } catch (error) {
        if (!/NotFound|NoSuchBucket/.test(awsName(error))) throw error
      }
      // The first region is named by naming none.
      const LocationConstraint = aws.region as BucketLocationConstraint
      const elsewhere =
        aws.region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint } }
      try {
        await aws.s3.send(new CreateBucketCommand({ Bucket, ...elsewhere }), options)
      } catch (error) {
        // Another run was first.
        if (awsName(error) !== 'BucketAlreadyOwnedByYou') throw error
      }
    },
    signal,
  )
  return Bucket
}
