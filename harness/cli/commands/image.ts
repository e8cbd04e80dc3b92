// `signalbox image build|list|info|prune`: the reference image and its cache.

import { formatSeconds } from '../../deadline.ts'
import { UsageError } from '../../errors.ts'
import {
  buildReferenceImage,
  listImages,
  pruneImages,
  readBuiltImage,
  type BuiltImage,
} from '../../../qemu/image/index.ts'
import { flavourNames } from '../../../qemu/image/flavours.ts'
import { architectures } from '../option-table.ts'
import { oneOfWords } from '../resolve-image.ts'
import { listenForInterrupts } from '../interrupt.ts'
import { showProgress } from '../progress.ts'

type Flags = Readonly<Record<string, unknown>>

/** The action of `image build`. */
export async function imageBuild(flags: Flags): Promise<number> {
  const { arch, imageVersion, channel, flavour, force, json } = flags as {
    arch?: string
    imageVersion: string
    channel: string
    flavour?: string
    force: boolean
    json: boolean
  }
  using interrupts = listenForInterrupts()
  const startedAt = performance.now()
  const built = await (async () => {
    using progress = showProgress('reference image')
    return await buildReferenceImage({
      version: imageVersion,
      channel,
      ...(arch === undefined ? {} : { architecture: oneOfWords('architecture', arch, architectures) }),
      ...(flavour === undefined ? {} : { flavour: oneOfWords('flavour', flavour, flavourNames) }),
      force,
      signal: interrupts.signal,
      onProgress: ({ step, index, count, line }) => progress.update(`${index}/${count} ${step}`, line),
    })
  })()
  if (json) print(toJson(built))
  else process.stdout.write(`${describe(built)}\n(${formatSeconds(performance.now() - startedAt)})\n`)
  return 0
}

/** The action of `image list`. */
export async function imageList(flags: Flags): Promise<number> {
  const images = await listImages()
  if (flags['json'] === true) print(images.map((image) => toJson(image)))
  else if (images.length === 0)
    process.stdout.write('the cache has no images; "signalbox image build" makes one\n')
  else
    for (const { image, folder, builtAt } of images) {
      const { version, channel, architecture } = image.identity
      process.stdout.write(`${version} ${channel} ${architecture}  ${builtAt.toISOString()}  ${folder}\n`)
    }
  return 0
}

/** The action of `image info [image]`; without an image: the newest. */
export async function imageInfo(flags: Flags, positional: readonly unknown[]): Promise<number> {
  const [path] = positional as readonly (string | undefined)[]
  const built = path === undefined ? (await listImages())[0] : await readBuiltImage(path)
  if (built === undefined) {
    throw new UsageError('the cache has no images', {
      code: 'no-images',
      hint: 'signalbox image build makes one',
    })
  }
  if (flags['json'] === true) print(toJson(built))
  else process.stdout.write(`${describe(built)}\n`)
  return 0
}

/** The action of `image prune`. */
export async function imagePrune(flags: Flags): Promise<number> {
  const removed = await pruneImages({ keep: Number(flags['keep']) })
  if (flags['json'] === true) print(removed)
  else
    process.stdout.write(
      removed.length === 0
        ? 'nothing to remove\n'
        : `removed:\n${removed.map((path) => `  ${path}\n`).join('')}`,
    )
  return 0
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`)
}

function toJson(built: BuiltImage): unknown {
  const { folder, key, image, files, usrRootHash, builtAt } = built
  return { folder, key, identity: image.identity, firmwares: image.firmwares, usrRootHash, builtAt, files }
}

function describe(built: BuiltImage): string {
  const { identity, firmwares } = built.image
  const rows: readonly (readonly [string, string])[] = [
    ['distro', identity.distro],
    [
      'version',
      `${identity.version} (${identity.channel}, ${identity.architecture}${identity.buildId === undefined ? '' : `, build ${identity.buildId}`})`,
    ],
    ['digest', identity.digest],
    ['/usr root hash', built.usrRootHash],
    ['firmwares', firmwares.join(', ')],
    ['built', built.builtAt.toISOString()],
    ['folder', built.folder],
    ...Object.entries(built.files).map(([role, { path, bytes }]): readonly [string, string] => [
      role,
      `${path.slice(built.folder.length + 1)} (${(bytes / 1024 / 1024).toFixed(1)} MiB)`,
    ]),
  ]
  return rows.map(([name, value]) => `${name.padEnd(16)}${value}`).join('\n')
}
