// From what an external test says of itself to Requirements. What cannot be had becomes a reason to skip that names the
// key: such a test is neither run without it nor dropped. Pure.

import type { DiskAttachment, DiskSpec } from '../machine.ts'
import type { Architecture, DistroName } from '../model.ts'
import type { Requirements, SkipRule } from '../requirements.ts'
import type { ExternalMeta, WordList } from './keys.ts'

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x86_64: 'x86_64',
  amd64: 'x86_64',
  aarch64: 'arm64',
  arm64: 'arm64',
  riscv64: 'riscv64',
}

/** Names of kola's platforms that are another name for one of ours. */
const PLATFORMS: Readonly<Record<string, string>> = { 'qemu-unpriv': 'qemu' }

/** kola's names of distros; what is in neither list is none of ours. */
const DISTROS: Readonly<Record<string, DistroName>> = {
  cl: 'flatcar',
  flatcar: 'flatcar',
  fcos: 'fcos',
  reference: 'reference',
}

/** Platforms whose machines have credentials or types of the provider's making. */
const CLOUDS = ['aws', 'azure', 'gcp', 'gce', 'openstack', 'do', 'aliyun', 'ibmcloud']

const MINUTE_MS = 60_000
/** kola's defaults: tests that share a machine are small. */
const DEFAULT_MINUTES = { exclusive: 10, shared: 1 }

type Part = Partial<Requirements> & { readonly skips?: readonly SkipRule[] }

/** The requirements of a test with this header. */
export function needsOf(meta: ExternalMeta): Requirements {
  const { exclusive = true, machines = 1 } = meta
  const parts: readonly Part[] = [
    placesOf(meta),
    disksOf(meta),
    checksOf(meta),
    unmetOf(meta),
    argumentsOf(meta),
    machines === 1 ? {} : { machines, privateNetwork: true },
  ]
  const skips = parts.flatMap((part) => part.skips ?? [])
  const requiredTag = meta.requiredTag === undefined || meta.requiredTag === '' ? [] : [meta.requiredTag]
  const { skips: _, ...together }: Part = Object.assign({}, ...parts) as Part
  return {
    ...together,
    ...(meta.description === undefined ? {} : { description: meta.description }),
    tags: [...new Set(['external', ...(meta.tags ?? []), ...requiredTag])],
    ...(requiredTag[0] === undefined ? {} : { requiredTag: requiredTag[0] }),
    timeoutMs: testTimeoutMs(meta),
    ...(exclusive || machines > 1 ? {} : { exclusive: false, oneMachine: true }),
    ...(meta.conflicts === undefined || meta.conflicts.length === 0 ? {} : { conflicts: meta.conflicts }),
    ...(meta.numaNodes === true ? { numaNodes: 2 } : {}),
    ...(meta.minMemory === undefined ? {} : { memoryMiB: Math.max(meta.minMemory, 1024) }),
    ...(skips.length === 0 ? {} : { skips }),
  }
}

/** How long the test itself may take, for a host with KVM. */
export function testTimeoutMs({ exclusive = true, timeoutMin }: ExternalMeta): number {
  return (timeoutMin ?? (exclusive ? DEFAULT_MINUTES.exclusive : DEFAULT_MINUTES.shared)) * MINUTE_MS
}

function placesOf({ architectures, platforms, distros }: ExternalMeta): Part {
  const platformNames = (words: readonly string[]): readonly string[] => [
    ...new Set(words.map((word) => PLATFORMS[word] ?? word)),
  ]
  const allowedPlatforms = allowedWords(platforms)
  const onArchitectures = knownOnly('architectures', architectures, ARCHITECTURES)
  const onDistros = knownOnly('distros', distros, DISTROS)
  return {
    ...(onArchitectures.allowed === undefined ? {} : { architectures: onArchitectures.allowed }),
    ...excluded('excludeArchitectures', onArchitectures.excluded),
    ...(onDistros.allowed === undefined ? {} : { distros: onDistros.allowed }),
    ...excluded('excludeDistros', onDistros.excluded),
    ...(allowedPlatforms === undefined ? {} : { platforms: platformNames(allowedPlatforms) }),
    ...excluded('excludePlatforms', platformNames(excludedWords(platforms))),
    skips: [...onArchitectures.skips, ...onDistros.skips],
  }
}

/** A list of names of which we know some: a test for none of those is skipped; what is unknown excludes nothing. */
function knownOnly<Name extends string>(
  key: keyof ExternalMeta,
  list: WordList | undefined,
  names: Readonly<Record<string, Name>>,
): {
  readonly allowed?: readonly Name[]
  readonly excluded: readonly Name[]
  readonly skips: readonly SkipRule[]
} {
  const known = (words: readonly string[]): readonly Name[] => [
    ...new Set(words.flatMap((word) => names[word] ?? [])),
  ]
  const words = allowedWords(list)
  if (words === undefined) return { excluded: known(excludedWords(list)), skips: [] }
  const allowed = known(words)
  if (allowed.length > 0) return { allowed, excluded: [], skips: [] }
  return { excluded: [], skips: [{ reason: `is only for ${words.join(', ')} (key "${key}")` }] }
}

function allowedWords(list: WordList | undefined): readonly string[] | undefined {
  return list === undefined || list.excludes || list.words.length === 0 ? undefined : list.words
}

function excludedWords(list: WordList | undefined): readonly string[] {
  return list?.excludes === true ? list.words : []
}

function excluded(key: string, words: readonly string[]): Part {
  return words.length === 0 ? {} : { [key]: words }
}

/** `5G`, `500M`, `5G:serial=data`, `5G:channel=nvme,4k`, `5G:mpath`. Without a serial, disks are numbered after the primary one, as kola does. */
function disksOf({ additionalDisks = [], primaryDisk, minDisk }: ExternalMeta): Part {
  const skips: SkipRule[] = []
  const disks: DiskSpec[] = []
  for (const [index, text] of additionalDisks.entries()) {
    const { sizeMiB, serial, attached, other } = diskOf(text)
    const refusal = other.length > 0 ? other.join(', ') : sizeMiB === undefined ? 'no size' : undefined
    if (sizeMiB === undefined || refusal !== undefined)
      skips.push(unmet('additionalDisks', `${text}: ${refusal}`))
    else disks.push({ serial: serial ?? `disk${index + 2}`, sizeMiB, ...attached })
  }
  const primary = primaryDisk === undefined ? undefined : diskOf(primaryDisk)
  if (primary !== undefined && (primary.other.length > 0 || primary.serial !== undefined)) {
    skips.push(unmet('primaryDisk', primaryDisk ?? ''))
  }
  const attached = primary?.attached ?? {}
  const primaryDiskMiB = Math.max(primary?.sizeMiB ?? 0, (minDisk ?? 0) * 1024)
  return {
    ...(disks.length === 0 ? {} : { disks }),
    ...(primaryDiskMiB === 0 ? {} : { primaryDiskMiB }),
    ...(Object.keys(attached).length === 0 ? {} : { primaryDisk: attached }),
    skips,
  }
}

const UNITS_MIB: Readonly<Record<string, number>> = { M: 1, G: 1024, T: 1024 * 1024 }

function diskOf(text: string): {
  readonly sizeMiB: number | undefined
  readonly serial: string | undefined
  readonly attached: DiskAttachment
  readonly other: readonly string[]
} {
  const [size = '', ...rest] = text.split(':')
  const [, digits, unit = 'G'] = /^(\d{1,6})([MGT])?i?B?$/i.exec(size.trim()) ?? []
  const options = rest
    .join(':')
    .split(',')
    .filter((option) => option !== '')
  const serial = options.find((option) => /^serial=[\w-]{1,20}$/.test(option))
  return {
    sizeMiB: digits === undefined ? undefined : Number(digits) * (UNITS_MIB[unit.toUpperCase()] ?? 1024),
    serial: serial?.slice('serial='.length),
    attached: Object.assign({}, ...options.map((option) => ATTACHMENTS[option] ?? {})) as DiskAttachment,
    other: options.filter((option) => option !== serial && !(option in ATTACHMENTS)),
  }
}

/** kola's options of a disk that are ours by another name. */
const ATTACHMENTS: Readonly<Record<string, DiskAttachment>> = {
  'channel=virtio': {},
  'channel=nvme': { bus: 'nvme' },
  'channel=scsi': { bus: 'scsi' },
  mpath: { bus: 'scsi', paths: 2 },
  '4k': { sectorSize: 4096 },
}

function checksOf({ tags = [] }: ExternalMeta): Part {
  if (tags.includes('skip-base-checks')) return { leaveOutChecks: ['failed-units', 'console', 'journal'] }
  return tags.includes('skip-console-warnings') ? { leaveOutChecks: ['console'] } : {}
}

function argumentsOf({ appendKernelArgs = '', appendFirstbootKernelArgs = '' }: ExternalMeta): Part {
  const kernelArguments = appendKernelArgs.split(/\s+/).filter((word) => word !== '')
  return {
    ...(kernelArguments.length === 0 ? {} : { kernelArguments }),
    ...(appendFirstbootKernelArgs.trim() === ''
      ? {}
      : { skips: [unmet('appendFirstbootKernelArgs', appendFirstbootKernelArgs)] }),
  }
}

/** Keys for which there is nothing in Signalbox. `allowConfigWarnings` and `creationDate` ask for nothing of a machine. */
function unmetOf(meta: ExternalMeta): Part {
  const { bootFrom = '', instanceType = '' } = meta
  const skips: readonly (SkipRule | false)[] = [
    (meta.additionalNics ?? 0) > 0 && unmet('additionalNics', String(meta.additionalNics)),
    meta.injectContainer === true && unmet('injectContainer', 'true'),
    (meta.bindMountHostRO ?? []).length > 0 &&
      unmet('bindMountHostRO', meta.bindMountHostRO?.join(' ') ?? ''),
    !['', 'disk'].includes(bootFrom) && unmet('bootFrom', bootFrom),
    (meta.requiredHostPorts ?? []).length > 0 &&
      unmet('requiredHostPorts', meta.requiredHostPorts?.join(' ') ?? ''),
    meta.noInstanceCreds === true && { ...unmet('noInstanceCreds', 'true'), platforms: CLOUDS },
    instanceType !== '' && { ...unmet('instanceType', instanceType), platforms: CLOUDS },
  ]
  return { skips: skips.filter((skip) => skip !== false) }
}

function unmet(key: keyof ExternalMeta, wanted: string): SkipRule {
  return { reason: `needs "${key}" (${wanted}), which Signalbox cannot give yet` }
}
