// What is written down beside a saved machine's files: all that is needed to bring it up again, and seals of everything it
// needs. Whatever is not as it was written is refused with what to do.

import { createHash } from 'node:crypto'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, InfraError, messageOf, UsageError } from '../errors.ts'
import { inwardDamage, sealFile, type FileSeal } from '../file-checksum.ts'
import type { SavedMachine } from '../machine.ts'
import type { Image } from '../model.ts'
import type { MachineName } from './machine-name.ts'

/** Raised when older records can no longer be used. */
const VERSION = 1

export const RECORD_FILE = 'saved.json'

export interface SavedRecord extends MachineName {
  readonly version: typeof VERSION
  /** ISO 8601. */
  readonly savedAt: string
  readonly platform: string
  readonly image: Image
  /** Of the image, by path. They are not saved: a machine's disks are what differs from them. */
  readonly imageFiles: Readonly<Record<string, ImageFile>>
  /** Whom to log in as, and the private key's file; never the key. */
  readonly user: string
  readonly key: string
  /** All machines that were saved at the same instant. */
  readonly together: readonly string[]
  readonly saved: SavedMachine
  /** By name within the folder. */
  readonly files: Readonly<Record<string, FileSeal>>
}

interface ImageFile {
  readonly bytes: number
  readonly modifiedMs: number
}

const AGAIN = 'run the test again with --save-failed'

/** Seals all files of a saved machine's folder and writes the record. Returns the bytes that they take on disk. */
export async function writeSaved(
  folder: string,
  about: Omit<SavedRecord, 'version' | 'savedAt' | 'imageFiles' | 'files'>,
  signal: AbortSignal,
): Promise<number> {
  const names = (await readdir(folder)).toSorted()
  const seals: [string, FileSeal][] = []
  let bytes = 0
  for (const name of names) {
    const path = join(folder, name)
    await chmod(path, 0o400)
    seals.push([name, await sealFile(path, signal)])
    bytes += (await stat(path)).blocks * 512
  }
  const record: SavedRecord = {
    ...about,
    version: VERSION,
    savedAt: new Date().toISOString(),
    imageFiles: Object.fromEntries(
      await Promise.all(imagePaths(about.image).map(async (path) => [path, await lookAt(path)] as const)),
    ),
    files: Object.fromEntries(seals),
  }
  const text = JSON.stringify({ record, sha256: sumOf(record) })
  await writeFile(join(folder, RECORD_FILE), text, { mode: 0o400 })
  return bytes
}

/** Reads a record. Throws InfraError (`saved-damaged`) for what is not exactly one. */
export async function readSaved(folder: string): Promise<SavedRecord> {
  const path = join(folder, RECORD_FILE)
  let whole: { readonly record?: SavedRecord; readonly sha256?: string }
  try {
    whole = JSON.parse(await readFile(path, 'utf8')) as typeof whole
  } catch (error) {
    throw damaged(path, `it cannot be read: ${codeOf(error) ?? messageOf(error)}`)
  }
  const { record, sha256 } = whole
  if (record === undefined || sha256 !== sumOf(record)) throw damaged(path, 'its checksum is wrong')
  if (record.version === VERSION) return record
  throw new UsageError(`${path} was written by another version of Signalbox`, {
    code: 'saved-by-other-version',
    hint: AGAIN,
  })
}

/** Throws when anything that a saved machine needs is missing or not as it was. Reads its files whole. */
export async function requireWholeSaved(
  folder: string,
  record: SavedRecord,
  signal: AbortSignal,
): Promise<void> {
  for (const [path, then] of Object.entries(record.imageFiles)) {
    const now = await lookAt(path).catch(() => undefined)
    if (now?.bytes === then.bytes && now.modifiedMs === then.modifiedMs) continue
    const { distro, version, digest } = record.image.identity
    const what = now === undefined ? 'is gone' : 'has changed since'
    throw new UsageError(`the image that ${record.machine} runs on ${what}: ${path}`, {
      code: 'saved-image-gone',
      hint: `put ${distro} ${version} (${digest.slice(0, 19)}) there again as it was, with its time; or ${AGAIN}`,
    })
  }
  for (const [name, seal] of Object.entries(record.files)) {
    const path = join(folder, name)
    const bytes = await stat(path).then(
      ({ size }) => size,
      () => undefined,
    )
    if (bytes === undefined) throw damaged(path, 'it is gone')
    if (bytes !== seal.bytes) throw damaged(path, `it has ${bytes} bytes instead of ${seal.bytes}`)
    const damage = await inwardDamage(path, seal, signal)
    if (damage !== undefined) throw damaged(path, damage)
  }
}

function damaged(path: string, what: string): InfraError {
  return new InfraError(`a saved machine is damaged: ${path}: ${what}`, {
    code: 'saved-damaged',
    hint: AGAIN,
  })
}

function imagePaths({ disk, direct }: Image): readonly string[] {
  return [
    ...(disk === undefined ? [] : [disk.path]),
    ...(direct === undefined ? [] : [direct.kernel, direct.initrd]),
  ]
}

async function lookAt(path: string): Promise<ImageFile> {
  const { size, mtimeMs } = await stat(path)
  return { bytes: size, modifiedMs: mtimeMs }
}

function sumOf(record: SavedRecord): string {
  return createHash('sha256').update(JSON.stringify(record)).digest('hex')
}
