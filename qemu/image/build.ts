// Builds the reference image, or finds it in the cache. A build happens in a scratch folder beside the cache entries and
// is published by one rename, so that an image is either complete or not there.

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { UsageError } from '../../harness/errors.ts'
import { cacheFolder } from '../../harness/folders.ts'
import type { Architecture } from '../../harness/model.ts'
import { hostArchitecture, imageArchitectures } from './architectures.ts'
import { waitToBuild } from './building.ts'
import {
  imageFiles,
  readBuiltImage,
  type BuiltImage,
  type ImageFile,
  type ImageMetadata,
} from './built-image.ts'
import { imageKey } from './cache-key.ts'
import { ensureSigningKey } from './signing.ts'
import { flavourOf, flavours, type FlavourName } from './flavours.ts'
import { configureTree } from './steps/configure.ts'
import type { BuildContext } from './steps/context.ts'
import { buildDisk } from './steps/disk.ts'
import { buildInitrd } from './steps/initrd.ts'
import { buildBootFiles } from './steps/kernel.ts'
import { installPackages, unpackTree } from './steps/packages.ts'
import { arrangeTree, sealUsr } from './steps/seal.ts'
import { verifyImage } from './steps/verify.ts'
import type { UsrVariantName } from './variants.ts'

export interface BuildProgress {
  readonly step: string
  /** Counts from 1. */
  readonly index: number
  readonly count: number
  /** A line of output of the step's current program. */
  readonly line?: string
}

export interface BuildOptions {
  /** Default `1.0.0`. */
  readonly version?: string
  /** Default `stable`. */
  readonly channel?: string
  /** Default: the host's. Another one is built with the help of QEMU's user emulation. */
  readonly architecture?: Architecture
  /** A version that is broken on purpose (see variants.ts). */
  readonly variant?: UsrVariantName
  /** The image with more programs (see flavours.ts); default: without. */
  readonly flavour?: FlavourName
  /** Where images are kept; default `images` in the user's cache folder. */
  readonly cache?: string
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: BuildProgress) => void
  /** Builds anew, packages included, even when the cache has the image. */
  readonly force?: boolean
}

const steps = [
  'packages',
  'unpack',
  'configure',
  'initrd',
  'arrange',
  'seal',
  'kernel',
  'disk',
  'verify',
  'publish',
] as const

/** The folder of images when none is given. */
export const defaultImageCache = (): string => join(cacheFolder(), 'images')

/** The image of the cache that `buildReferenceImage` would return without building; undefined when it would build. */
export async function findReferenceImage(
  options: Pick<BuildOptions, 'version' | 'channel' | 'architecture' | 'cache' | 'variant' | 'flavour'> = {},
): Promise<BuiltImage | undefined> {
  const { folder } = await placeOf(options)
  return existsSync(join(folder, 'image.json')) ? await readBuiltImage(folder) : undefined
}

/** Builds the image, or returns the cached one. Throws InfraError (no root, a missing tool, a failed step), UsageError for a flavour that cannot be. */
export async function buildReferenceImage(options: BuildOptions = {}): Promise<BuiltImage> {
  const { signal, force = false } = options
  const { version, channel, architecture, cache, key, folder } = await placeOf(options)
  const found = force ? undefined : await findReferenceImage(options)
  if (found !== undefined) return found
  requireFlavour(architecture, options.flavour)
  await using building = await waitToBuild({
    cache,
    architecture,
    signal,
    onWait: (line) => options.onProgress?.({ step: 'wait', index: 0, count: steps.length, line }),
  })
  if (!force && existsSync(join(folder, 'image.json'))) return await readBuiltImage(folder)
  const work = await building.begin()
  await buildInto({ ...options, version, channel, architecture, key, work, cache })
  await rm(folder, { recursive: true, force: true })
  await rename(join(work, 'out'), folder)
  return await readBuiltImage(folder)
}

/** Throws UsageError `no-such-flavour` where Debian has not all of its packages for the architecture. */
export function requireFlavour(architecture: Architecture, flavour: FlavourName | undefined): void {
  if (flavour === undefined) return
  const lacking = imageArchitectures[architecture].lackingPackages?.[flavour]
  if (lacking === undefined) return
  throw new UsageError(
    `there is no ${architecture} image of the flavour ${flavour}: Debian has no ${lacking} for it`,
    { code: 'no-such-flavour', hint: 'use another flavour, or none' },
  )
}

/** Where an image lies in the cache. */
async function placeOf({
  version = '1.0.0',
  channel = 'stable',
  architecture = hostArchitecture() ?? 'x86_64',
  cache = defaultImageCache(),
  variant,
  flavour,
}: BuildOptions): Promise<Omit<Build, 'work'> & { readonly folder: string }> {
  const key = await imageKey({ version, channel, architecture, variant, flavour })
  const name = ['reference', version, channel, architecture, ...(flavour === undefined ? [] : [flavour]), key]
  return { version, channel, architecture, cache, key, folder: join(cache, name.join('-')) }
}

interface Build extends BuildOptions {
  readonly version: string
  readonly channel: string
  readonly architecture: Architecture
  readonly key: string
  readonly work: string
  readonly cache: string
}

async function buildInto(build: Build): Promise<void> {
  let current = 0
  const report = (line?: string): void => {
    const step = steps[current - 1] ?? 'start'
    build.onProgress?.({ step, index: current, count: steps.length, ...(line === undefined ? {} : { line }) })
  }
  const begin = (step: (typeof steps)[number]): void => {
    build.signal?.throwIfAborted()
    current = steps.indexOf(step) + 1
    report()
  }
  const context: BuildContext = {
    work: build.work,
    tree: join(build.work, 'tree'),
    out: join(build.work, 'out'),
    bases: join(build.cache, '.bases'),
    version: build.version,
    channel: build.channel,
    architecture: build.architecture,
    key: build.key,
    variant: build.variant,
    flavour: build.flavour,
    signingKey: await ensureSigningKey(build.cache),
    force: build.force ?? false,
    signal: build.signal,
    onLine: report,
  }
  await mkdir(context.out)
  begin('packages')
  const archive = await installPackages(context, flavourOf(build.flavour)?.packages ?? [])
  begin('unpack')
  const manifest = await unpackTree(context, archive)
  await writeFile(join(context.out, 'packages.txt'), manifest)
  begin('configure')
  const buildId = await configureTree(context, manifest)
  begin('initrd')
  const kernel = await buildInitrd(context)
  begin('arrange')
  await arrangeTree(context)
  begin('seal')
  const usr = await sealUsr(context)
  begin('kernel')
  const boot = await buildBootFiles(context, kernel, usr)
  begin('disk')
  const layout = await buildDisk(context, usr, boot)
  begin('verify')
  const disk = join(context.out, 'disk.raw')
  await verifyImage(
    context,
    { disk, usr: usr.erofs, verity: usr.verity, uki: boot.uki, rootHash: usr.rootHash },
    layout,
  )
  begin('publish')
  const names: Record<ImageFile, string> = {
    disk,
    kernel: kernel.direct,
    initrd: kernel.initrd,
    uki: boot.uki,
    usr: usr.erofs,
    verity: usr.verity,
    packages: join(context.out, 'packages.txt'),
  }
  const metadata: ImageMetadata = {
    format: 1,
    key: build.key,
    distro: 'reference',
    version: build.version,
    channel: build.channel,
    architecture: build.architecture,
    buildId,
    ...(build.flavour === undefined ? {} : { flavour: build.flavour }),
    features: build.flavour === undefined ? [] : flavours[build.flavour].features,
    builtAt: new Date().toISOString(),
    digest: `sha256:${await digestOf([kernel.direct, kernel.initrd], usr.rootHash)}`,
    usrRootHash: usr.rootHash,
    kernelRelease: kernel.release,
    arguments: boot.commandLine,
    certificate: await describeFile(boot.certificate),
    sectorSizes: [512, 4096],
    files: await describeFiles(names),
  }
  await writeFile(join(context.out, 'image.json'), `${JSON.stringify(metadata, undefined, 2)}\n`)
}

async function describeFiles(paths: Readonly<Record<ImageFile, string>>): Promise<ImageMetadata['files']> {
  const entries = imageFiles.map(async (role) => {
    return [role, await describeFile(paths[role])] as const
  })
  return Object.fromEntries(await Promise.all(entries)) as ImageMetadata['files']
}

async function describeFile(path: string): Promise<{ readonly name: string; readonly bytes: number }> {
  return { name: basename(path), bytes: (await stat(path)).size }
}

async function digestOf(paths: readonly string[], rootHash: string): Promise<string> {
  const hash = createHash('sha256').update(rootHash)
  for (const path of paths) hash.update(await readFile(path))
  return hash.digest('hex')
}
