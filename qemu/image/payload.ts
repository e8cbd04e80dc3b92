// What systemd-sysupdate of the reference image downloads to reach a version: /usr, its hash tree, the UKI, under the names
// that the image's transfer files look for. Also versions that are broken on purpose. Nothing here serves or signs anything.

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../../harness/errors.ts'
import { runCommand } from '../../harness/process.ts'
import type { UpdatePayload } from '../../harness/model.ts'
import { defaultImageCache } from './build.ts'
import type { BuiltImage } from './built-image.ts'
import { slotUuids } from './gpt-layout.ts'
import { signEfi, signingKeyOf } from './signing.ts'
import { overwriteUkiSection, readUkiSection } from './uki.ts'

/** What is wrong with a payload although every declared hash is right: only a boot can tell. */
export const payloadDefects = ['corrupt-usr', 'wrong-root-hash', 'empty-usr', 'kernel-panic'] as const
export type PayloadDefect = (typeof payloadDefects)[number]

/** The payload of an image of the cache. */
export function payloadOf(image: BuiltImage): UpdatePayload {
  const { usr, verity, uki } = image.files
  const parts = { usr: usr.path, verity: verity.path, uki: uki.path }
  return { ...describe(image, image.usrRootHash, parts), image: image.image }
}

/**
 * A payload with a defect. Its files are made once and kept in the cache of images, under the key of the image; the good ones are the
 * image's own.
 */
export async function brokenPayload(
  image: BuiltImage,
  defect: PayloadDefect,
  cache: string = defaultImageCache(),
  signal?: AbortSignal,
): Promise<UpdatePayload> {
  const payloads = join(cache, PAYLOADS)
  const folder = join(payloads, `${image.key}-${defect}`)
  if (!existsSync(folder)) {
    await mkdir(payloads, { recursive: true })
    const work = await mkdtemp(join(payloads, '.making-'))
    try {
      await spoil(image, defect, work, signal)
      await signAgain(image, join(work, 'boot.efi'), cache, signal)
      // Whoever made it first is as good.
      await rename(work, folder).catch((error: unknown) => {
        if (!existsSync(folder)) throw error
      })
    } finally {
      await rm(work, { recursive: true, force: true, maxRetries: 3 })
    }
  }
  const { usr, verity, uki } = image.files
  const madeOr = (name: string, good: string): string => {
    const made = join(folder, name)
    return existsSync(made) ? made : good
  }
  const parts = {
    usr: madeOr('usr.erofs', usr.path),
    verity: madeOr('usr.verity', verity.path),
    uki: madeOr('boot.efi', uki.path),
  }
  return describe(image, usrHashIn(await readFile(parts.uki)) ?? image.usrRootHash, parts)
}

// Secure Boot would not even start what is to fail later. An image from elsewhere has a key that is not here.
async function signAgain(
  { image: { certificate } }: BuiltImage,
  path: string,
  cache: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const key = signingKeyOf(cache)
  if (!existsSync(path) || certificate === undefined || key === undefined) return
  const [own, here] = await Promise.all([readFile(certificate, 'utf8'), readFile(key.certificate, 'utf8')])
  if (own === here) await signEfi(path, key, signal)
}

/** Where they are kept in the cache of images; `pruneImages` removes those whose image is gone. */
export const PAYLOADS = '.payloads'

interface Parts {
  readonly usr: string
  readonly verity: string
  readonly uki: string
}

/** Writes what differs from the image's own files: `usr.erofs`, `usr.verity`, `boot.efi`. */
async function spoil(
  image: BuiltImage,
  defect: PayloadDefect,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { usr, uki } = image.files
  const made = (name: string): string => join(folder, name)
  switch (defect) {
    case 'corrupt-usr':
      await copyFile(usr.path, made('usr.erofs'))
      return await spoilBlocks(made('usr.erofs'))
    case 'wrong-root-hash': {
      // Not a digit is right, so that the partitions, which are found by the hash, get the wrong one's UUIDs as well.
      const wrong = createHash('sha256').update(`not ${image.usrRootHash}`).digest('hex')
      return await writeFile(made('boot.efi'), withUsrHash(await readFile(uki.path), wrong))
    }
    case 'empty-usr': {
      const [empty, hashFile] = [made('empty'), made('root-hash')]
      await mkdir(empty)
      await runCommand('mkfs.erofs', ['--quiet', made('usr.erofs'), empty], { signal })
      const format = ['format', `--root-hash-file=${hashFile}`, made('usr.erofs'), made('usr.verity')]
      await runCommand('veritysetup', format, { signal })
      const rootHash = (await readFile(hashFile, 'utf8')).trim()
      return await writeFile(made('boot.efi'), withUsrHash(await readFile(uki.path), rootHash))
    }
    case 'kernel-panic': {
      // A kernel whose initrd is no archive finds no root filesystem, and panics.
      const file = await readFile(uki.path)
      const initrd = readUkiSection(file, '.initrd')
      const none = new Uint8Array(initrd?.length ?? 0)
      return await writeFile(made('boot.efi'), overwriteUkiSection(file, '.initrd', none))
    }
    default:
      return defect satisfies never
  }
}

function describe(image: BuiltImage, rootHash: string, parts: Parts): UpdatePayload {
  const { version, distro } = image.image.identity
  const [usrUuid, verityUuid] = slotUuids(rootHash)
  return {
    distro,
    version,
    files: [
      { name: `reference_${version}_${verityUuid}.usr-verity.raw`, path: parts.verity },
      { name: `reference_${version}_${usrUuid}.usr.raw`, path: parts.usr },
      { name: `reference_${version}.efi`, path: parts.uki },
    ],
  }
}

/** One block of 4 KiB in eight, from the second MiB on: the superblock stays, so that what fails is the reading. */
async function spoilBlocks(path: string): Promise<void> {
  await using file = await open(path, 'r+')
  const { size } = await file.stat()
  const block = Buffer.alloc(4096, 0xa5)
  for (let at = 1 << 20; at + block.length <= size; at += 8 * block.length)
    await file.write(block, 0, block.length, at)
}

/** The root hash that a UKI's command line asks for. */
function usrHashIn(uki: Uint8Array): string | undefined {
  return /(?:^|\s)usrhash=([0-9a-f]{64})(?:\s|$)/.exec(commandLineOf(uki))?.[1]
}

/** The UKI with another root hash in its command line. */
function withUsrHash(uki: Uint8Array, to: string): Uint8Array {
  const text = commandLineOf(uki).replace(usrHashIn(uki) ?? '', to)
  return overwriteUkiSection(uki, '.cmdline', Buffer.from(text, 'latin1'))
}

const commandLineOf = (uki: Uint8Array): string =>
  Buffer.from(readUkiSection(uki, '.cmdline') ?? []).toString('latin1')

/**
 * Looks at an image that machines are to be updated to as its client cannot: the hash tree must prove /usr, the UKI must ask for
 * just that. Throws UsageError `payload-mismatch`.
 */
export async function checkPayload(image: BuiltImage, signal?: AbortSignal): Promise<void> {
  const { usr, verity, uki } = image.files
  const hash = image.usrRootHash
  const wrong = (what: string, cause?: unknown): UsageError =>
    new UsageError(`the image ${image.folder} is not what it is declared to be: ${what}`, {
      code: 'payload-mismatch',
      hint: 'remove the folder and build the image again with `signalbox image build`',
      ...(cause === undefined ? {} : { cause }),
    })
  try {
    await runCommand('veritysetup', ['verify', usr.path, verity.path, hash], { signal })
  } catch (error) {
    if (signal?.aborted === true) throw error
    throw wrong(`its hash tree does not prove its /usr for root hash ${hash}`, error)
  }
  if (usrHashIn(await readFile(uki.path)) !== hash) throw wrong('its UKI asks for another /usr')
}
