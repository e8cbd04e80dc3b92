// A disk image becomes an AMI: its blocks are written into a snapshot (EBS direct APIs; empty ones are left out), and the snapshot is
// registered. One and the same image is imported once: its digest is in the AMI's name, which no two can have. Each use puts its end off.

import { CompleteSnapshotCommand, PutSnapshotBlockCommand, StartSnapshotCommand } from '@aws-sdk/client-ebs'
import {
  CreateTagsCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  RegisterImageCommand,
  type BootModeValues,
} from '@aws-sdk/client-ec2'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '../../harness/deadline.ts'
import { InfraError, UsageError } from '../../harness/errors.ts'
import type { DiskImage } from '../../harness/model.ts'
import { runCommand } from '../../harness/process.ts'
import { IN_FLIGHT } from './clients.ts'
import type { AwsContext } from './context.ts'
import type { ResolvedAmi } from './image.ts'
import { makeResource } from './network.ts'
import { DIGEST_TAG, expiryTag, tagsOf, tagSpecifications } from './tags.ts'

/** The size that the API takes. */
const BLOCK = 512 * 1024
const GIB = 1024 ** 3
/** As images at AWS have it. */
export const ROOT_DEVICE = '/dev/xvda'
const POLL_MS = 2000

/** Finds the AMI of an image, or makes it. What fails half-way is removed. */
export async function importImage(
  context: AwsContext,
  image: DiskImage,
  signal: AbortSignal,
): Promise<ResolvedAmi> {
  const { aws, config } = context
  const name = amiName(image)
  const found = await findOwn(context, name, signal)
  if (found === undefined) return await makeAmi(context, image, name, signal)
  // Both are used, so both live on.
  await aws.call(
    'put off the end of an imported image',
    async (options) =>
      await aws.ec2.send(
        new CreateTagsCommand({
          Resources: [found.id, ...found.snapshots],
          Tags: [expiryTag(config.imageTtlMs)],
        }),
        options,
      ),
  )
  return found
}

/** At most 128 characters of these (RegisterImage). */
function amiName({ identity: { distro, version, architecture, digest } }: DiskImage): string {
  const hash = /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1]
  if (hash === undefined)
    throw new InfraError('an image without a digest cannot be imported', { code: 'image-without-digest' })
  return `signalbox-${distro}-${version}-${architecture}-${hash.slice(0, 32)}`.replaceAll(
    /[^\w.\-/() ]/g,
    '_',
  )
}

interface OwnAmi extends ResolvedAmi {
  readonly snapshots: readonly string[]
}

async function findOwn({ aws }: AwsContext, name: string, signal?: AbortSignal): Promise<OwnAmi | undefined> {
  const { Images: [ami] = [] } = await aws.call(
    `find the image ${name}`,
    async (options) =>
      await aws.ec2.send(
        new DescribeImagesCommand({ Owners: ['self'], Filters: [{ Name: 'name', Values: [name] }] }),
        options,
      ),
    signal,
  )
  if (ami?.ImageId === undefined) return undefined
  const volumes = (ami.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => Ebs ?? [])
  return {
    id: ami.ImageId,
    diskGiB: volumes[0]?.VolumeSize ?? 10,
    rootDevice: ami.RootDeviceName ?? ROOT_DEVICE,
    snapshots: volumes.flatMap(({ SnapshotId }) => SnapshotId ?? []),
  }
}

async function makeAmi(
  context: AwsContext,
  image: DiskImage,
  name: string,
  signal: AbortSignal,
): Promise<ResolvedAmi> {
  const { aws, run, config } = context
  await using stack = new AsyncDisposableStack()
  await using scratch = new AsyncDisposableStack()
  const path = await rawDisk(image, scratch, signal)
  const diskGiB = Math.max(1, Math.ceil((await stat(path)).size / GIB))
  const { digest, architecture } = image.identity
  if (architecture === 'riscv64')
    throw new UsageError('EC2 has no riscv64 machines', {
      code: 'wrong-architecture',
      hint: 'use the platform qemu',
    })
  const tagged = { run, name: 'image', ttlMs: config.imageTtlMs, more: { [DIGEST_TAG]: digest } }
  const snapshot = await makeResource(context, stack, 'snapshot', signal, async () => {
    const made = await aws.call(
      'start a snapshot',
      async (options) =>
        await aws.ebs.send(
          new StartSnapshotCommand({ VolumeSize: diskGiB, Description: name, Tags: tagsOf(tagged) }),
          options,
        ),
    )
    return made.SnapshotId
  })
  const blocks = await upload(context, path, snapshot, signal)
  await aws.call(
    'complete a snapshot',
    async (options) =>
      await aws.ebs.send(
        new CompleteSnapshotCommand({ SnapshotId: snapshot, ChangedBlocksCount: blocks }),
        options,
      ),
  )
  await untilCompleted(context, snapshot, signal)
  const register = async (): Promise<string | undefined> => {
    const made = await aws.call(
      'register an image',
      async (options) =>
        await aws.ec2.send(
          new RegisterImageCommand({
            Name: name,
            Architecture: architecture,
            BootMode: bootModeOf(image),
            EnaSupport: true,
            VirtualizationType: 'hvm',
            ImdsSupport: 'v2.0',
            RootDeviceName: ROOT_DEVICE,
            BlockDeviceMappings: [
              {
                DeviceName: ROOT_DEVICE,
                Ebs: { SnapshotId: snapshot, VolumeType: 'gp3', DeleteOnTermination: true },
              },
            ],
            TagSpecifications: tagSpecifications(tagged, 'image'),
          }),
          options,
        ),
    )
    return made.ImageId
  }
  try {
    const id = await makeResource(context, stack, 'image', signal, register)
    // Servers that leave the tags of a registration out get them so.
    await aws.call(
      'tag an image',
      async (options) =>
        await aws.ec2.send(new CreateTagsCommand({ Resources: [id], Tags: tagsOf(tagged) }), options),
    )
    // It outlives the run: only its time, or a reaper, ends it.
    stack.move()
    return { id, diskGiB, rootDevice: ROOT_DEVICE }
  } catch (error) {
    const isDuplicate = /InvalidAMIName\.Duplicate/.test(String(error))
    const found = isDuplicate ? await findOwn(context, name) : undefined
    // Another run was faster: its image is the same.
    if (found !== undefined) return found
    throw error
  }
}

/** The disk as it is seen by a machine. */
async function rawDisk(
  { disk }: DiskImage,
  stack: AsyncDisposableStack,
  signal: AbortSignal,
): Promise<string> {
  if (disk.format === 'raw') return disk.path
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-import-'))
  stack.defer(async () => await rm(folder, { recursive: true, force: true }))
  const path = join(folder, `${randomBytes(4).toString('hex')}.raw`)
  await runCommand('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', disk.path, path], { signal })
  return path
}

/** Writes all blocks that hold something; returns how many. */
async function upload(
  { aws, spending }: AwsContext,
  path: string,
  snapshot: string,
  signal: AbortSignal,
): Promise<number> {
  await using file = await open(path)
  const uploading = new Set<Promise<unknown>>()
  let written = 0
  const failures: unknown[] = []
  const put = async (index: number, block: Buffer): Promise<void> => {
    spending.count('ebs-put-block')
    await aws.call(
      'write a block of a snapshot',
      async (options) =>
        await aws.ebs.send(
          new PutSnapshotBlockCommand({
            SnapshotId: snapshot,
            BlockIndex: index,
            BlockData: block,
            DataLength: BLOCK,
            Checksum: createHash('sha256').update(block).digest('base64'),
            ChecksumAlgorithm: 'SHA256',
          }),
          options,
        ),
      signal,
    )
  }
  for (let index = 0; failures.length === 0; index += 1) {
    signal.throwIfAborted()
    const block = Buffer.alloc(BLOCK)
    const { bytesRead } = await file.read(block, 0, BLOCK, index * BLOCK)
    if (bytesRead === 0) break
    if (isEmpty(block)) continue
    written += 1
    const one = put(index, block)
      .catch((error: unknown) => failures.push(error))
      .finally(() => uploading.delete(one))
    uploading.add(one)
    if (uploading.size >= IN_FLIGHT) await Promise.race(uploading)
  }
  await Promise.all(uploading)
  signal.throwIfAborted()
  if (failures.length > 0) throw failures[0]
  return written
}

const EMPTY = Buffer.alloc(BLOCK)

function isEmpty(block: Buffer): boolean {
  return block.equals(EMPTY)
}

async function untilCompleted({ aws }: AwsContext, snapshot: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { Snapshots: [found] = [] } = await aws.call(
      'look at a snapshot',
      async (options) =>
        await aws.ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [snapshot] }), options),
      signal,
    )
    if (found?.State === 'completed') return
    if (found?.State === 'error')
      throw new InfraError(
        `AWS could not complete the snapshot ${snapshot}: ${found.StateMessage ?? 'no reason given'}`,
        {
          code: 'aws-failed',
        },
      )
    await sleep(POLL_MS, signal)
  }
}

// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ami-boot.html: Graviton knows UEFI only.
function bootModeOf({ identity, firmwares }: DiskImage): BootModeValues {
  const uefi = firmwares.includes('uefi') || firmwares.includes('uefi-secure')
  if (identity.architecture === 'arm64' || !firmwares.includes('bios')) return 'uefi'
  return uefi ? 'uefi-preferred' : 'legacy-bios'
}
