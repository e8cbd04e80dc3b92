// Which image a command is about: a path from the command line, or the reference image.

import { open, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { codeOf, UsageError } from '../errors.ts'
import { flavourNames, flavours, type FlavourName } from '../../qemu/image/flavours.ts'
import { hostArchitecture } from '../../qemu/image/architectures.ts'
import type { Architecture, Firmware, Image, ImageIdentity, Target } from '../model.ts'
import { didYouMean } from '../nearest.ts'
import type { ChosenTarget } from './config/settings.ts'
import { architectures, distros, firmwares, tpmWords, type TargetFlags } from './option-table.ts'
import { showProgress } from './progress.ts'

/** What `list` assumes when the reference image was not built yet. */
const unbuilt: ImageIdentity = {
  digest: 'sha256:',
  distro: 'reference',
  version: '1.0.0',
  channel: 'stable',
  architecture: hostArchitecture() ?? 'x86_64',
}

/** Narrows a word of the command line; a wrong one is a UsageError with the nearest. */
export function oneOfWords<T extends string>(what: string, word: string, known: readonly T[]): T {
  const found = known.find((candidate) => candidate === word)
  if (found !== undefined) return found
  throw new UsageError(`unknown ${what} "${word}"`, {
    code: `unknown-${what}`,
    hint: didYouMean(word, known),
  })
}

/** The image to run on; builds the reference image when it is needed and not there. */
export async function resolveImage(flags: TargetFlags, signal: AbortSignal): Promise<Image> {
  if (flags.image !== undefined) return await imageFrom(flags.image, flags)
  const { buildReferenceImage } = await import('../../qemu/image/index.ts')
  using progress = showProgress('reference image')
  const built = await buildReferenceImage({
    signal,
    ...referenceOf(flags),
    onProgress: ({ step, index, count, line }) => progress.update(`${index}/${count} ${step}`, line),
  })
  return built.image
}

/** The image to run on, without building one: a reference image that is not there yet is a UsageError. */
export async function findImage(flags: TargetFlags): Promise<Image> {
  if (flags.image !== undefined) return await imageFrom(flags.image, flags)
  const { findReferenceImage } = await import('../../qemu/image/index.ts')
  const found = await findReferenceImage(referenceOf(flags))
  if (found !== undefined) return found.image
  throw new UsageError('the reference image is not built yet, and nothing is started to plan', {
    code: 'image-not-built',
    hint: '"signalbox image build" builds it, and so does a run; "signalbox list" needs none',
  })
}

/** Which reference image the flags mean. */
function referenceOf({ arch, channel, imageVersion, flavour }: TargetFlags): {
  readonly architecture?: Architecture
  readonly channel?: string
  readonly version?: string
  readonly flavour?: FlavourName
} {
  return {
    ...(arch === undefined ? {} : { architecture: oneOfWords('architecture', arch, architectures) }),
    ...(channel === undefined ? {} : { channel }),
    ...(imageVersion === undefined ? {} : { version: imageVersion }),
    ...(flavour === undefined ? {} : { flavour: oneOfWords('flavour', flavour, flavourNames) }),
  }
}

/** The identity to list tests for, without building or reading an image's content. */
export async function resolveIdentity(
  flags: TargetFlags,
): Promise<Pick<Image, 'identity' | 'firmwares' | 'features'>> {
  if (flags.image !== undefined) {
    const image = await imageFrom(flags.image, flags, async () => await Promise.resolve('sha256:'))
    return image
  }
  const identity: ImageIdentity = {
    ...unbuilt,
    ...(flags.distro === undefined ? {} : { distro: oneOfWords('distro', flags.distro, distros) }),
    ...(flags.arch === undefined
      ? {}
      : { architecture: oneOfWords('architecture', flags.arch, architectures) }),
    ...(flags.channel === undefined ? {} : { channel: flags.channel }),
    ...(flags.imageVersion === undefined ? {} : { version: flags.imageVersion }),
  }
  if (identity.distro !== 'reference') return { identity, firmwares: ['uefi', 'bios'] }
  const { flavour } = referenceOf(flags)
  return {
    identity,
    firmwares: ['direct', 'uefi', 'uefi-secure'],
    features: flavour === undefined ? [] : flavours[flavour].features,
  }
}

/** An image that is the platform's: nothing of it lies on this host, and only the flags say what it is. */
export function heldImage({ distro, arch, channel, imageVersion, platform }: TargetFlags): Image {
  if (distro === undefined) {
    throw new UsageError(`which distro do the machines of the platform ${platform} run?`, {
      code: 'distro-needed',
      hint: `add --distro ${distros.join(' | ')}, and --image-version; or give a disk image with --image`,
    })
  }
  return {
    identity: {
      digest: 'sha256:',
      distro: oneOfWords('distro', distro, distros),
      version: imageVersion ?? '0.0.0',
      channel: channel ?? 'unknown',
      architecture: oneOfWords('architecture', arch ?? unbuilt.architecture, architectures),
    },
    firmwares: ['uefi', 'bios', 'uefi-secure'],
  }
}

/** Axes that are fields of a target themselves. */
const fieldAxes: ReadonlySet<string> = new Set([
  'platform',
  'architecture',
  'firmware',
  'channel',
  'distro',
  'imageVersion',
])

/** The cell of the matrix that an image, a platform and flags make; `named` is its name in a config, `axes` what tells it from others. */
export function targetOf(
  identity: ImageIdentity,
  possible: readonly Firmware[],
  platform: string,
  flags: TargetFlags,
  { name: named, axes: ofMatrix = {} }: Pick<ChosenTarget, 'axes'> & Partial<Pick<ChosenTarget, 'name'>> = {},
): Target {
  const wanted =
    flags.firmware === undefined ? possible[0] : oneOfWords('firmware', flags.firmware, firmwares)
  if (wanted === undefined || !possible.includes(wanted)) {
    throw new UsageError(`this image cannot boot with firmware ${wanted ?? '(none)'}`, {
      code: 'firmware-unsupported',
      hint: `it can with: ${possible.join(', ')}`,
    })
  }
  const { architecture, channel, distro, version } = identity
  const { flavour, tpm } = flags
  const words = tpm === undefined ? [] : [oneOfWords('tpm', tpm, tpmWords) === 'on' ? 'tpm' : 'no-tpm']
  const name = named ?? [platform, architecture, wanted, ...words, channel].join('-')
  const axes = Object.entries({
    ...ofMatrix,
    ...(flavour === undefined ? {} : { flavour }),
    ...(tpm === undefined ? {} : { tpm }),
  }).filter(([key]) => !fieldAxes.has(key))
  return {
    name,
    platform,
    architecture,
    firmware: wanted,
    channel,
    distro,
    version,
    ...(axes.length === 0 ? {} : { axes: Object.fromEntries(axes.toSorted(([a], [b]) => (a < b ? -1 : 1))) }),
  }
}

async function imageFrom(path: string, flags: TargetFlags, digest = digestOf): Promise<Image> {
  const info = await stat(path).catch((error: unknown) => {
    throw new UsageError(`the image ${path} cannot be read: ${codeOf(error) ?? 'unknown error'}`, {
      code: 'image-missing',
      hint: 'give a raw or qcow2 disk image, or a folder that "signalbox image build" made',
    })
  })
  if (info.isDirectory() || path.endsWith('image.json')) {
    const { loadImage } = await import('../../qemu/image/index.ts')
    const image = await loadImage(path)
    const { architecture } = image.identity
    if (flags.arch === undefined || flags.arch === architecture) return image
    const wanted = oneOfWords('architecture', flags.arch, architectures)
    throw new UsageError(`the image ${path} is for ${architecture}, not for ${wanted}`, {
      code: 'wrong-architecture',
      hint: `leave --arch out, or build one: signalbox image build --arch ${wanted}`,
    })
  }
  const absolute = resolve(path)
  if (flags.distro === undefined) {
    throw new UsageError(`what is in ${path}? say which distro profile fits`, {
      code: 'distro-needed',
      hint: `add --distro ${distros.join(' | ')}`,
    })
  }
  const distro = oneOfWords('distro', flags.distro, distros)
  const architecture = oneOfWords('architecture', flags.arch ?? unbuilt.architecture, architectures)
  return {
    identity: {
      digest: await digest(absolute, info.size, info.mtimeMs),
      distro,
      version: flags.imageVersion ?? '0.0.0',
      channel: flags.channel ?? 'unknown',
      architecture,
    },
    disk: { path: absolute, format: await formatOf(absolute) },
    firmwares: ['uefi', 'bios', 'uefi-secure'],
  }
}

// QCOW2 images start with "QFI\xfb" (QEMU's docs/interop/qcow2); everything else is taken as raw.
async function formatOf(path: string): Promise<'raw' | 'qcow2'> {
  await using file = await open(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0)
  if (bytesRead < 4) {
    throw new UsageError(`the image ${path} is empty or cut off`, {
      code: 'image-broken',
      hint: 'fetch it again',
    })
  }
  return buffer.toString('latin1') === 'QFI\u00FB' ? 'qcow2' : 'raw'
}

// Reading gigabytes at every start would cost seconds: the digest is kept beside size and time of the file.
async function digestOf(path: string, size: number, mtimeMs: number): Promise<string> {
  const { createHash } = await import('node:crypto')
  const { createReadStream } = await import('node:fs')
  const { pipeline } = await import('node:stream/promises')
  const { cacheFolder } = await import('../folders.ts')
  const { mkdir, readFile, writeFile } = await import('node:fs/promises')
  const key = createHash('sha256').update(`${path}\0${size}\0${mtimeMs}`).digest('hex')
  const kept = join(cacheFolder(), 'digests', key)
  const known = await readFile(kept, 'utf8').catch(() => '')
  if (/^sha256:[0-9a-f]{64}$/.test(known)) return known
  using progress = showProgress(`digest of ${path}`)
  progress.update('reading')
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  const digest = `sha256:${hash.digest('hex')}`
  await mkdir(join(cacheFolder(), 'digests'), { recursive: true }).catch(() => undefined)
  await writeFile(kept, digest).catch(() => undefined)
  return digest
}
