// Which AMI machines boot: named by its id, by an SSM parameter, by channel and version of its distro, or imported from the disk of the
// image under test.

import { DescribeImagesCommand, type Image as Ami } from '@aws-sdk/client-ec2'
import { GetParameterCommand } from '@aws-sdk/client-ssm'
import { UsageError } from '../../harness/errors.ts'
import type { DistroName, Image, ImageIdentity } from '../../harness/model.ts'
import type { AwsContext } from './context.ts'
import { importImage, ROOT_DEVICE } from './import-image.ts'

export interface ResolvedAmi {
  readonly id: string
  readonly diskGiB: number
  readonly rootDevice: string
}

/** Publishers and the names of their images; a version `current` is the newest. */
const publishers: Readonly<
  Record<DistroName, { readonly owner: string; name(identity: ImageIdentity): string } | undefined>
> = {
  // https://www.flatcar.org/docs/latest/installing/cloud/aws-ec2/
  flatcar: {
    owner: '075585003325',
    name: ({ channel, version, architecture }) =>
      `Flatcar-${channel}-${anyVersion(version)}-hvm${architecture === 'arm64' ? '-arm64' : ''}`,
  },
  // https://docs.fedoraproject.org/en-US/fedora-coreos/provisioning-aws/
  fcos: {
    owner: '125523088429',
    name: ({ version, architecture }) =>
      `fedora-coreos-${anyVersion(version)}-${architecture === 'arm64' ? 'aarch64' : 'x86_64'}`,
  },
  reference: undefined,
}

/** Finds or makes it. Throws UsageError for one that is not there, or is of another architecture. */
export async function resolveAmi(
  context: AwsContext,
  image: Image,
  signal: AbortSignal,
): Promise<ResolvedAmi> {
  const { config, aws } = context
  switch (config.image.kind) {
    case 'id':
      return await findById(context, config.image.id, image.identity, signal)
    case 'parameter': {
      const { name } = config.image
      const { Parameter } = await aws.call(
        `read the parameter ${name}`,
        async (options) => await aws.ssm.send(new GetParameterCommand({ Name: name }), options),
        signal,
      )
      const id = amiIn(Parameter?.Value)
      if (id !== undefined) return await findById(context, id, image.identity, signal)
      throw new UsageError(`the parameter ${name} holds no id of an image`, { code: 'no-ami' })
    }
    case 'image': {
      const { disk } = image
      if (disk !== undefined) return await importImage(context, { ...image, disk }, signal)
      return await findByName(context, image.identity, config.image, signal)
    }
    default:
      return config.image satisfies never
  }
}

/** The id alone, or in a JSON object, as publishers write it. */
function amiIn(value: string | undefined): string | undefined {
  return /\bami-[0-9a-f]{8,17}\b/.exec(value ?? '')?.[0]
}

async function findById(
  { aws }: AwsContext,
  id: string,
  identity: ImageIdentity,
  signal: AbortSignal,
): Promise<ResolvedAmi> {
  const { Images: [found] = [] } = await aws.call(
    `find the image ${id}`,
    async (options) => await aws.ec2.send(new DescribeImagesCommand({ ImageIds: [id] }), options),
    signal,
  )
  if (found === undefined) throw noAmi(`there is no image ${id} in ${aws.region}`)
  return checked(found, identity)
}

async function findByName(
  { aws }: AwsContext,
  identity: ImageIdentity,
  named: { readonly owner: string | undefined; readonly name: string | undefined },
  signal: AbortSignal,
): Promise<ResolvedAmi> {
  const publisher = publishers[identity.distro]
  const owner = named.owner ?? publisher?.owner
  const name = named.name ?? publisher?.name(identity)
  if (owner === undefined || name === undefined)
    throw new UsageError(`nobody publishes images of the distro ${identity.distro} at AWS`, {
      code: 'no-ami',
      hint: 'give a disk image (--image), or name one: --set ami=ami-..., ami-parameter=..., or image-owner and image-name',
    })
  const { Images = [] } = await aws.call(
    `find images called ${name}`,
    async (options) =>
      await aws.ec2.send(
        new DescribeImagesCommand({
          Owners: [owner],
          Filters: [
            { Name: 'name', Values: [name] },
            { Name: 'architecture', Values: [identity.architecture] },
            { Name: 'state', Values: ['available'] },
          ],
        }),
        options,
      ),
    signal,
  )
  const newest = Images.toSorted((a, b) => (a.CreationDate ?? '').localeCompare(b.CreationDate ?? '')).at(-1)
  if (newest === undefined) throw noAmi(`the account ${owner} has no image called ${name} in ${aws.region}`)
  return checked(newest, identity)
}

function checked(ami: Ami, { architecture }: ImageIdentity): ResolvedAmi {
  const { ImageId: id = '' } = ami
  if (ami.Architecture !== architecture)
    throw new UsageError(
      `the image ${id} is for ${ami.Architecture ?? 'nothing known'}, not for ${architecture}`,
      {
        code: 'wrong-architecture',
        hint: 'say it with --arch',
      },
    )
  const root = ami.BlockDeviceMappings?.find(({ DeviceName }) => DeviceName === ami.RootDeviceName)
  return { id, diskGiB: root?.Ebs?.VolumeSize ?? 10, rootDevice: ami.RootDeviceName ?? ROOT_DEVICE }
}

function anyVersion(version: string): string {
  return version === 'current' || version === '0.0.0' ? '*' : version
}

function noAmi(message: string): UsageError {
  return new UsageError(message, {
    code: 'no-ami',
    hint: 'images are of one region: set another one, or another --channel or --image-version',
  })
}
