// What can be set for AWS, and what it comes to. Credentials are no settings: they come from the standard chain of the SDK alone.

import { isIP } from 'node:net'
import { UsageError } from '../../harness/errors.ts'
import type { PlatformContext, PlatformSetting } from '../../harness/machine.ts'
import { readSettings, type ReadSettings } from '../settings.ts'

export const awsSettings: readonly PlatformSetting[] = [
  { name: 'region', help: 'where machines are made', env: 'AWS_REGION', default: 'that of the profile' },
  { name: 'profile', help: 'of the shared config files, for credentials and region', env: 'AWS_PROFILE' },
  { name: 'ami', help: 'image by its id' },
  { name: 'ami-parameter', help: 'image by the name of an SSM parameter that holds its id' },
  {
    name: 'image-owner',
    help: 'account that published the image of --channel and --image-version',
    default: "the distro's own",
  },
  {
    name: 'image-name',
    help: 'name of that image, with * where anything may be',
    default: "the distro's own",
  },
  { name: 'image-ttl-days', help: 'days that an imported image is kept after its last use', default: '14' },
  {
    name: 'instance-type',
    help: 'type of all machines',
    default: 'the smallest of the architecture that is enough',
  },
  { name: 'price', help: 'US dollars an hour of that type, where its price is not known or differs' },
  { name: 'spot', help: 'yes: spot machines, which can be reclaimed at any time', default: 'no' },
  { name: 'subnet', help: 'subnet to use', default: 'a network of its own a run' },
  { name: 'security-group', help: 'security group to use; needs subnet', default: 'one of its own a run' },
  {
    name: 'allow-from',
    help: 'addresses that may reach machines, as CIDR between commas',
    default: "the caller's, asked of address-service",
  },
  {
    name: 'address-service',
    help: "URL that answers with the caller's address",
    default: 'https://checkip.amazonaws.com',
  },
  { name: 'private-address', help: 'yes: machines are reached by their private address', default: 'no' },
  {
    name: 'iam-profile',
    help: 'instance profile of the machines',
    default: 'none: machines have no credentials',
  },
  {
    name: 'bucket',
    help: 'bucket for configs over 16 KiB',
    default: 'signalbox-ACCOUNT-REGION, made when needed',
  },
  {
    name: 'ttl-hours',
    help: 'hours after which whatever a run made may be removed by anybody',
    default: '5',
  },
  { name: 'console-seconds', help: 'between two looks at a serial console', default: '10' },
  {
    name: 'console-wait-seconds',
    help: 'for the end of the console after a machine has ended',
    default: '30',
  },
  { name: 'attempts', help: 'times that a throttled or failed request is made', default: '14' },
  { name: 'requests-per-second', help: 'most requests to AWS', env: 'SIGNALBOX_AWS_REQUESTS', default: '20' },
]

export type ImageChoice =
  | { readonly kind: 'id'; readonly id: string }
  | { readonly kind: 'parameter'; readonly name: string }
  /** By channel and version, or imported from the disk of the image. */
  | { readonly kind: 'image'; readonly owner: string | undefined; readonly name: string | undefined }

export interface AwsConfig {
  readonly region: string | undefined
  readonly profile: string | undefined
  readonly image: ImageChoice
  readonly imageTtlMs: number
  readonly instanceType: string | undefined
  readonly price: number | undefined
  readonly isSpot: boolean
  readonly subnet: string | undefined
  readonly securityGroup: string | undefined
  readonly allowFrom: readonly string[]
  readonly addressService: string
  readonly usesPrivateAddress: boolean
  readonly iamProfile: string | undefined
  readonly bucket: string | undefined
  readonly ttlMs: number
  readonly consoleMs: number
  readonly consoleWaitMs: number
  readonly requestsPerSecond: number
  readonly attempts: number
}

/** Reads and checks. Throws UsageError for what cannot be used. */
export function readAws(context: PlatformContext): AwsConfig {
  const settings = readSettings('aws', awsSettings, context)
  const id = settings.get('ami')
  const parameter = settings.get('ami-parameter')
  if (id !== undefined && !/^ami-[0-9a-f]{8,17}$/.test(id)) throw bad('ami', id, 'like ami-0123456789abcdef0')
  if (id !== undefined && parameter !== undefined)
    throw new UsageError('both "ami" and "ami-parameter" are set: one names the image', {
      code: 'bad-setting',
    })
  const subnet = settings.get('subnet')
  const securityGroup = settings.get('security-group')
  if (securityGroup !== undefined && subnet === undefined)
    throw new UsageError('a security group belongs to a network: set "subnet" too', { code: 'bad-setting' })
  const priceText = settings.get('price')
  const price = priceText === undefined ? undefined : Number(priceText)
  if (price !== undefined && !(price >= 0)) throw bad('price', String(priceText), 'an amount of US dollars')
  const allowFrom = settings.list('allow-from')
  for (const cidr of allowFrom) if (!isCidr(cidr)) throw bad('allow-from', cidr, 'like 203.0.113.7/32')
  return {
    region: settings.get('region'),
    profile: settings.get('profile'),
    image:
      id !== undefined
        ? { kind: 'id', id }
        : parameter !== undefined
          ? { kind: 'parameter', name: parameter }
          : { kind: 'image', owner: settings.get('image-owner'), name: settings.get('image-name') },
    imageTtlMs: settings.number('image-ttl-days', 14) * 86_400_000,
    instanceType: settings.get('instance-type'),
    price,
    isSpot: yesOrNo(settings, 'spot'),
    subnet,
    securityGroup,
    allowFrom,
    addressService: settings.get('address-service') ?? 'https://checkip.amazonaws.com',
    usesPrivateAddress: yesOrNo(settings, 'private-address'),
    iamProfile: settings.get('iam-profile'),
    bucket: settings.get('bucket'),
    ttlMs: settings.number('ttl-hours', 5, 1) * 3_600_000,
    consoleMs: settings.number('console-seconds', 10, 1) * 1000,
    consoleWaitMs: settings.number('console-wait-seconds', 30) * 1000,
    // Of 30 % that are throttled, fewer than one in a million requests is so often in a row.
    attempts: settings.number('attempts', 14, 1),
    requestsPerSecond: settings.number('requests-per-second', 20, 1),
  }
}

function yesOrNo(settings: ReadSettings, name: string): boolean {
  const text = settings.get(name) ?? 'no'
  if (text !== 'yes' && text !== 'no') throw bad(name, text, 'yes or no')
  return text === 'yes'
}

/** IPv4 only: the network of a run has no IPv6. */
function isCidr(text: string): boolean {
  const [address = '', bits = ''] = text.split('/')
  return isIP(address) === 4 && /^\d{1,2}$/.test(bits) && Number(bits) <= 32
}

function bad(name: string, value: string, expected: string): UsageError {
  return new UsageError(`the setting "${name}" of the platform aws must be ${expected}: "${value}"`, {
    code: 'bad-setting',
  })
}
