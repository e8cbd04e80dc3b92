// The versions that an image can be updated to, and how they are made: for the reference image out of its recipe, for others
// from the file that --update-to names. What is wrong with a payload is said here, before any machine boots.

import { existsSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { BuiltImage, PayloadDefect as SpoiltPayload, UsrVariantName } from '../../qemu/image/index.ts'
import { codeOf, UsageError } from '../errors.ts'
import type { Image, UpdatePayload } from '../model.ts'
import { distroProfiles } from '../profiles/index.ts'
import { compareVersions } from '../profiles/profile.ts'
import type { Selection } from '../plan/select.ts'
import type { PayloadName, Payloads, WhyNoPayload } from '../update/index.ts'
import type { TargetFlags } from './option-table.ts'
import { showProgress } from './progress.ts'

type PayloadFlags = Pick<TargetFlags, 'updateTo' | 'updateVersion'>

/** Versions whose /usr is broken by what the recipe puts in; the others are spoilt afterwards. */
const variants = ['never-complete', 'unhealthy'] as const satisfies readonly UsrVariantName[]

/** Why a version cannot be had for an image; makes and reads nothing. */
export function whyNoPayload(image: Image, { updateTo }: PayloadFlags): WhyNoPayload {
  const { distro } = image.identity
  return (name) => {
    if (distro === 'reference') {
      if (image.disk === undefined || !existsSync(join(dirname(image.disk.path), 'image.json')))
        return 'needs the folder of a built image: versions of this one are made of what lies in it'
      if (name === 'podman-extension' && image.features?.includes('podman') === true)
        return 'needs an image without podman, for the extension to bring it'
      if (updateTo !== undefined && name === 'after-next')
        return 'needs two newer versions; --update-to names one'
      return undefined
    }
    if (name !== 'next') return `needs the version "${name}", which is made of the reference image only`
    return updateTo === undefined ? 'needs a version to update to; --update-to names one' : undefined
  }
}

/**
 * Makes the versions that the selected tests name. Throws UsageError for what --update-to names and cannot be used, InfraError when
 * a build fails.
 */
export async function preparePayloads(
  image: Image,
  selection: readonly Selection[],
  flags: PayloadFlags,
  signal: AbortSignal,
): Promise<Payloads | undefined> {
  const why = whyNoPayload(image, flags)
  const named = selection.flatMap(({ test: { requirements }, skip }) => {
    const own = skip === undefined ? (requirements.payloads ?? []) : []
    return own.some((name) => why(name) !== undefined) ? [] : own
  })
  if (named.length === 0) return undefined
  const made = new Map<PayloadName, UpdatePayload>()
  for (const name of new Set(named)) {
    const isReference = image.identity.distro === 'reference'
    made.set(
      name,
      isReference ? await referencePayload(image, name, flags, signal) : await payloadFile(image, flags),
    )
  }
  return {
    get(name) {
      const found = made.get(name)
      if (found !== undefined) return found
      throw new UsageError(`the payload "${name}" was not asked for`, {
        code: 'payload-not-named',
        hint: `name it in the test's requirements: payloads: ['${name}']`,
      })
    },
  }
}

async function referencePayload(
  image: Image,
  name: PayloadName,
  flags: PayloadFlags,
  signal: AbortSignal,
): Promise<UpdatePayload> {
  const { brokenPayload, payloadOf, readBuiltImage } = await import('../../qemu/image/index.ts')
  const own = await readBuiltImage(dirname(image.disk?.path ?? ''))
  switch (name) {
    case 'own':
      return payloadOf(own)
    case 'next':
      return payloadOf(await nextImage(own, flags, signal))
    case 'after-next':
      return payloadOf(await buildImage(own, 2, undefined, signal))
    case 'podman-extension':
      return await extensionOf(own, signal)
    case 'never-complete':
    case 'unhealthy':
      return payloadOf(
        await buildImage(
          own,
          1,
          variants.find((each) => each === name),
          signal,
        ),
      )
    case 'corrupt-usr':
    case 'wrong-root-hash':
    case 'empty-usr':
    case 'kernel-panic': {
      const next = await nextImage(own, flags, signal)
      return await brokenPayload(next, name satisfies SpoiltPayload, undefined, signal)
    }
    default:
      return name satisfies never
  }
}

/** The image that --update-to names, looked at closely; without one, the next version. */
async function nextImage(
  own: BuiltImage,
  { updateTo }: PayloadFlags,
  signal: AbortSignal,
): Promise<BuiltImage> {
  if (updateTo === undefined) return await buildImage(own, 1, undefined, signal)
  const { checkPayload, readBuiltImage } = await import('../../qemu/image/index.ts')
  const next = await readBuiltImage(updateTo)
  const [from, to] = [own.image.identity, next.image.identity]
  requireNewer(from.version, to.version)
  if (from.architecture !== to.architecture) {
    throw new UsageError(
      `version ${to.version} is for ${to.architecture}, the image for ${from.architecture}`,
      {
        code: 'update-architecture',
        hint: 'give both images of one architecture',
      },
    )
  }
  await checkPayload(next, signal)
  return next
}

async function buildImage(
  own: BuiltImage,
  steps: number,
  variant: UsrVariantName | undefined,
  signal: AbortSignal,
): Promise<BuiltImage> {
  const { buildReferenceImage } = await import('../../qemu/image/index.ts')
  const { version, channel, architecture } = own.image.identity
  const next = nextVersion(version, steps)
  using progress = showProgress(`version ${next}${variant === undefined ? '' : ` (${variant})`}`)
  return await buildReferenceImage({
    version: next,
    channel,
    architecture,
    signal,
    ...(own.flavour === undefined ? {} : { flavour: own.flavour }),
    ...(variant === undefined ? {} : { variant }),
    onProgress: ({ step, index, count, line }) => progress.update(`${index}/${count} ${step}`, line),
  })
}

async function extensionOf(own: BuiltImage, signal: AbortSignal): Promise<UpdatePayload> {
  const { packagedExtension } = await import('../../qemu/image/index.ts')
  using progress = showProgress('the extension podman')
  return await packagedExtension(own, 'podman', {
    signal,
    onLine: (line) => progress.update('packages', line),
  })
}

/** `1.0.0` and 2: `1.0.2`; the last number counts. */
export function nextVersion(version: string, steps: number): string {
  const match = /^(.*\D)?(\d+)$/.exec(version.replace(/[+-].*$/, ''))
  if (match === null) {
    throw new UsageError(`there is no telling what comes after version "${version}"`, {
      code: 'update-version',
      hint: 'name an image of a newer version with --update-to',
    })
  }
  return `${match[1] ?? ''}${Number(match[2]) + steps}`
}

/** Throws when an update from one version to the other would be none. */
export function requireNewer(from: string, to: string): void {
  const order = compareVersions(to, from)
  if (order > 0) return
  throw new UsageError(
    order === 0
      ? `both images are of version ${to}: there is nothing to update to`
      : `version ${to} is older than ${from}: no client updates to it`,
    { code: 'update-versions', hint: 'the image to update to must be of a newer version' },
  )
}

/** A payload of update_engine, taken as a file: its magic is looked at, its signature is the client's to check. */
async function payloadFile(image: Image, { updateTo, updateVersion }: PayloadFlags): Promise<UpdatePayload> {
  const { distro, version: from } = image.identity
  if (updateTo === undefined)
    throw new UsageError('no payload: --update-to names one', { code: 'payload-missing' })
  if (distroProfiles[distro].updateClient !== 'update_engine') {
    throw new UsageError(`updates of ${distroProfiles[distro].title} cannot be driven`, {
      code: 'no-update-client',
    })
  }
  if (updateVersion === undefined) {
    throw new UsageError(`which version is in ${updateTo}? a payload does not say`, {
      code: 'update-version',
      hint: 'add --update-version',
    })
  }
  requireNewer(from, updateVersion)
  const path = resolve(updateTo)
  await stat(path).catch((error: unknown) => {
    throw new UsageError(`the payload ${path} cannot be read: ${codeOf(error) ?? 'unknown error'}`, {
      code: 'payload-missing',
      hint: 'give the file that the vendor publishes as flatcar_production_update.gz',
    })
  })
  await requireMagic(path)
  return { distro, version: updateVersion, files: [{ name: basename(path), path }] }
}

/** update_engine's payloads begin with "CrAU". */
async function requireMagic(path: string): Promise<void> {
  await using file = await open(path)
  const { buffer, bytesRead } = await file.read(Buffer.alloc(4), 0, 4, 0)
  if (bytesRead === 4 && buffer.toString('latin1') === 'CrAU') return
  throw new UsageError(`${path} is no payload of update_engine: it does not begin with "CrAU"`, {
    code: 'payload-format',
    hint: 'give the update payload, not the disk image; it may need to be unpacked',
  })
}
