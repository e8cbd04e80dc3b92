// A built image in the cache: one folder with `image.json`, written last. Reading is strict, because the folder may be
// anybody's: a path given on the command line.

import { readFile, stat } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { codeOf, UsageError } from '../../harness/errors.ts'
import type { Architecture, DiskImage } from '../../harness/model.ts'
import { imageArchitectures } from './architectures.ts'
import { flavourNames, type FlavourName } from './flavours.ts'
import { firstBootArguments } from './recipe.ts'

/** What `image.json` holds. File names are relative to its folder. */
export interface ImageMetadata {
  readonly format: 1
  readonly key: string
  readonly distro: 'reference'
  readonly version: string
  readonly channel: string
  readonly architecture: Architecture
  readonly buildId: string
  readonly flavour?: string
  /** What its flavour has; images of older versions do not say. */
  readonly features?: readonly string[]
  readonly builtAt: string
  /** `sha256:` over the kernel, the initrd and the /usr root hash: what decides what runs. */
  readonly digest: string
  readonly usrRootHash: string
  readonly kernelRelease: string
  readonly arguments: string
  /** The certificate, PEM, whose key signed what the firmware starts; images of older versions are not signed. */
  readonly certificate?: { readonly name: string; readonly bytes: number }
  /** Bytes of a disk's sectors that its filesystems are made for; images of older versions do not say: 512. */
  readonly sectorSizes?: readonly number[]
  /** Sizes in bytes by role. */
  readonly files: Readonly<Record<ImageFile, { readonly name: string; readonly bytes: number }>>
}

export const imageFiles = ['disk', 'kernel', 'initrd', 'uki', 'usr', 'verity', 'packages'] as const
export type ImageFile = (typeof imageFiles)[number]

/** An image of the cache, complete. */
export interface BuiltImage {
  readonly folder: string
  readonly key: string
  readonly image: DiskImage
  readonly flavour?: FlavourName
  readonly files: Readonly<Record<ImageFile, { readonly path: string; readonly bytes: number }>>
  readonly usrRootHash: string
  readonly builtAt: Date
  readonly packages: string
}

/** Reads an image's metadata from its folder or from the path of its `image.json`. Throws UsageError. */
export async function readBuiltImage(pathOrFolder: string): Promise<BuiltImage> {
  const path = resolve(pathOrFolder)
  const folder = path.endsWith('.json') ? dirname(path) : path
  const metadata = await readMetadata(join(folder, 'image.json'))
  const entries = await Promise.all(
    imageFiles.map(async (role) => [role, await checkFile(folder, metadata.files[role])] as const),
  )
  const files = Object.fromEntries(entries) as BuiltImage['files']
  const {
    key,
    usrRootHash,
    distro,
    version,
    channel,
    architecture,
    buildId,
    digest,
    features = [],
    sectorSizes,
  } = metadata
  const certificate = metadata.certificate && (await checkFile(folder, metadata.certificate)).path
  const flavour = flavourNames.find((name) => name === metadata.flavour)
  return {
    folder,
    key,
    usrRootHash,
    files,
    ...(flavour === undefined ? {} : { flavour }),
    builtAt: new Date(metadata.builtAt),
    packages: files.packages.path,
    image: {
      identity: { digest, distro, version, channel, architecture, buildId },
      disk: { path: files.disk.path, format: 'raw' },
      direct: {
        kernel: files.kernel.path,
        initrd: files.initrd.path,
        // On every boot: a stamp on ROOT keeps Ignition from running twice, and a boot that failed half way runs it again.
        arguments: [metadata.arguments, ...firstBootArguments].join(' '),
        firstBootArguments: '',
      },
      firmwares: certificate === undefined ? ['direct', 'uefi'] : ['direct', 'uefi', 'uefi-secure'],
      unifiedKernel: { path: files.uki.path, firstBootArguments: firstBootArguments.join(' ') },
      ...(sectorSizes === undefined ? {} : { sectorSizes }),
      ...(certificate === undefined ? {} : { certificate }),
      features,
    },
  }
}

/** Reads an image as the harness sees it: a cached folder, or the path of an `image.json`. Throws UsageError. */
export async function loadImage(pathOrFolder: string): Promise<DiskImage> {
  return (await readBuiltImage(pathOrFolder)).image
}

async function readMetadata(path: string): Promise<ImageMetadata> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    throw new UsageError(
      `no image at ${dirname(path)}: ${codeOf(error) ?? 'unreadable'} reading image.json`,
      {
        code: 'image-missing',
        hint: 'give the folder of a built image, or build one with `signalbox image build`',
        cause: error,
      },
    )
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    throw broken(path, 'it is not JSON', error)
  }
  if (!isMetadata(parsed)) throw broken(path, 'it is not the metadata of a Signalbox image, format 1')
  return parsed
}

async function checkFile(
  folder: string,
  file: { readonly name: string; readonly bytes: number },
): Promise<{ readonly path: string; readonly bytes: number }> {
  const path = join(folder, file.name)
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw broken(path, 'the file is missing')
  if (found.size !== file.bytes) {
    throw broken(path, `it is truncated or changed: ${found.size} bytes, expected ${file.bytes}`)
  }
  return { path, bytes: file.bytes }
}

function isMetadata(value: unknown): value is ImageMetadata {
  if (typeof value !== 'object' || value === null) return false
  const record = value as Record<string, unknown>
  const strings = [
    'key',
    'version',
    'channel',
    'buildId',
    'builtAt',
    'digest',
    'usrRootHash',
    'kernelRelease',
    'arguments',
  ]
  if (record['format'] !== 1 || record['distro'] !== 'reference') return false
  if (!Object.keys(imageArchitectures).some((name) => name === record['architecture'])) return false
  if (!strings.every((name) => typeof record[name] === 'string')) return false
  const { flavour, features = [] } = record
  if (flavour !== undefined && typeof flavour !== 'string') return false
  if (!Array.isArray(features) || !features.every((name) => typeof name === 'string')) return false
  const { certificate, sectorSizes, files } = record
  if (certificate !== undefined && !isFile(certificate)) return false
  if (sectorSizes !== undefined && !(Array.isArray(sectorSizes) && sectorSizes.every(Number.isInteger)))
    return false
  if (typeof files !== 'object' || files === null) return false
  return imageFiles.every((role) => isFile((files as Record<string, unknown>)[role]))
}

/** A name, never a path: an image.json from elsewhere must not point outside its folder. */
function isFile(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { name, bytes } = value as Record<string, unknown>
  return typeof name === 'string' && !isAbsolute(name) && !name.includes('/') && typeof bytes === 'number'
}

function broken(path: string, why: string, cause?: unknown): UsageError {
  return new UsageError(`the image file ${path} cannot be used: ${why}`, {
    code: 'image-broken',
    hint: 'remove the folder and build the image again with `signalbox image build`',
    ...(cause === undefined ? {} : { cause }),
  })
}
