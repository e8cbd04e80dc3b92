// What systemd-sysupdate of the reference image downloads to reach a version: /usr, its hash tree, the UKI, under the names
// that the image's transfer files look for. Also versions that are broken on purpose. Nothing here serves or signs anything.

import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, mkdir, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { UsageError } from '../../harness/errors.ts'
import { runCommand } from '../../harness/process.ts'
import type { PayloadFile, UpdatePayload } from '../../harness/model.ts'
import type { BuiltImage } from './built-image.ts'
import { slotUuids } from './gpt-layout.ts'
import { overwriteUkiSection, readUkiSection } from './uki.ts'

/** What is wrong with a payload although every declared hash is right: only a boot can tell. */
export const payloadDefects = ['corrupt-usr', 'wrong-root-hash', 'empty-usr', 'kernel-panic'] as const
export type PayloadDefect = (typeof payloadDefects)[number]

/** The payload of an image of the cache. Throws InfraError when a file cannot be read. */
export async function payloadOf(image: BuiltImage): Promise<UpdatePayload> {
  const { usr, verity, uki } = image.files
  const payload = await describe(image, image.usrRootHash, {
    usr: usr.path,
    verity: verity.path,
    uki: uki.path,
  })
  return { ...payload, image: image.image }
}

/** A payload with a defect, its files in a new folder below `folder`; whoever asked removes that. */
export async function brokenPayload(
  image: BuiltImage,
  defect: PayloadDefect,
  folder: string,
  signal?: AbortSignal,
): Promise<UpdatePayload> {
  await mkdir(folder, { recursive: true })
  const work = await mkdtemp(join(folder, `${defect}-`))
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(async () => await rm(work, { recursive: true, force: true, maxRetries: 3 }))
  const { usr, verity, uki } = image.files
  const intact = { usr: usr.path, verity: verity.path, uki: uki.path }
  const payload = await spoil(image, intact, defect, work, signal)
  cleanup.move()
  return payload
}

interface Parts {
  readonly usr: string
  readonly verity: string
  readonly uki: string
}

async function spoil(
  image: BuiltImage,
  intact: Parts,
  defect: PayloadDefect,
  work: string,
  signal: AbortSignal | undefined,
): Promise<UpdatePayload> {
  const hash = image.usrRootHash
  switch (defect) {
    case 'corrupt-usr': {
      const usr = join(work, 'usr.erofs')
      await copyFile(intact.usr, usr)
      await spoilBlocks(usr)
      return await describe(image, hash, { ...intact, usr })
    }
    case 'wrong-root-hash': {
      // Not a digit is right, so that the partitions, which are found by the hash, get the wrong one's UUIDs as well.
      const wrong = createHash('sha256').update(`not ${hash}`).digest('hex')
      return await describe(image, wrong, {
        ...intact,
        uki: await ukiWithHash(intact.uki, hash, wrong, work),
      })
    }
    case 'empty-usr': {
      const [empty, usr, verity] = ['empty', 'usr.erofs', 'usr.verity'].map((name) => join(work, name)) as [
        string,
        string,
        string,
      ]
      await mkdir(empty)
      await runCommand('mkfs.erofs', ['--quiet', usr, empty], { signal })
      const hashFile = join(work, 'root-hash')
      await runCommand('veritysetup', ['format', `--root-hash-file=${hashFile}`, usr, verity], { signal })
      const rootHash = (await readFile(hashFile, 'utf8')).trim()
      const uki = await ukiWithHash(intact.uki, hash, rootHash, work)
      return await describe(image, rootHash, { usr, verity, uki })
    }
    case 'kernel-panic': {
      // A kernel whose initrd is no archive finds no root filesystem, and panics.
      const file = await readFile(intact.uki)
      const uki = join(work, 'panic.efi')
      const initrd = readUkiSection(file, '.initrd')
      await writeFile(uki, overwriteUkiSection(file, '.initrd', new Uint8Array(initrd?.length ?? 0)))
      return await describe(image, hash, { ...intact, uki })
    }
    default:
      return defect satisfies never
  }
}

async function describe(image: BuiltImage, rootHash: string, parts: Parts): Promise<UpdatePayload> {
  const { version, distro } = image.image.identity
  const [usrUuid, verityUuid] = slotUuids(rootHash)
  return {
    distro,
    version,
    files: [
      await fileOf(`reference_${version}_${verityUuid}.usr-verity.raw`, parts.verity),
      await fileOf(`reference_${version}_${usrUuid}.usr.raw`, parts.usr),
      await fileOf(`reference_${version}.efi`, parts.uki),
    ],
  }
}

async function fileOf(name: string, path: string): Promise<PayloadFile> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return { name, path, bytes: (await stat(path)).size, sha256: hash.digest('hex') }
}

/** One block of 4 KiB in eight, from the second MiB on: the superblock stays, so that what fails is the reading. */
async function spoilBlocks(path: string): Promise<void> {
  await using file = await open(path, 'r+')
  const { size } = await file.stat()
  const block = Buffer.alloc(4096, 0xa5)
  for (let at = 1 << 20; at + block.length <= size; at += 8 * block.length)
    await file.write(block, 0, block.length, at)
}

async function ukiWithHash(path: string, from: string, to: string, work: string): Promise<string> {
  const file = await readFile(path)
  const commandLine = Buffer.from(readUkiSection(file, '.cmdline') ?? []).toString('latin1')
  const changed = join(work, 'changed.efi')
  const text = Buffer.from(commandLine.replace(from, to), 'latin1')
  await writeFile(changed, overwriteUkiSection(file, '.cmdline', text))
  return changed
}

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
  const commandLine = Buffer.from(readUkiSection(await readFile(uki.path), '.cmdline') ?? []).toString(
    'latin1',
  )
  if (!commandLine.includes(`usrhash=${hash} `)) throw wrong('its UKI asks for another /usr')
}
