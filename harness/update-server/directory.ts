// The directory that systemd-sysupdate downloads from: the files, SHA256SUMS over them, and its signature where there is
// a key.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, UsageError } from '../errors.ts'
import { ofBytes, type Content } from './content.ts'
import { checkPackage, type CheckedPackage, type PackageOffer } from './declared.ts'
import { wrongHash } from './omaha/write.ts'
import { createSigningKey, signDetached, verifyDetached } from './openpgp.ts'

export interface DirectoryOptions {
  /** Armored OpenPGP private key; with it there is a SHA256SUMS.gpg. Secret. */
  readonly signingKey?: string
}

export interface FolderOptions {
  /** Armored OpenPGP public key that the folder's SHA256SUMS.gpg must be by. */
  readonly publicKey?: string
}

/** What is served below `/sysupdate/`, by name. `misled` is the same with sums of other content, rightly signed. */
export interface UpdateDirectory {
  readonly files: ReadonlyMap<string, Content>
  readonly misled: ReadonlyMap<string, Content>
  /** A SHA256SUMS.gpg by a key that nobody has; there when the directory is signed. */
  readonly forged: ReadonlyMap<string, Content>
}

export const emptyDirectory: UpdateDirectory = { files: new Map(), misled: new Map(), forged: new Map() }

const SUMS = 'SHA256SUMS'
const SIGNATURE = 'SHA256SUMS.gpg'

/** Reads, checks and lists files. */
export async function checkDirectory(
  offers: readonly PackageOffer[],
  { signingKey }: DirectoryOptions = {},
): Promise<UpdateDirectory> {
  const packages: CheckedPackage[] = []
  for (const offer of offers) packages.push(await checkPackage(offer))
  const names = packages.map(({ name }) => name)
  const wrong = names.find((name, index) => names.indexOf(name) !== index || [SUMS, SIGNATURE].includes(name))
  if (wrong !== undefined) {
    throw new UsageError(`the directory has ${wrong} already`, {
      code: 'payload-name',
      hint: `${SUMS} and its signature are made; every other name may be there once`,
    })
  }
  const sign = async (sums: Uint8Array, key = signingKey): Promise<ReadonlyMap<string, Content>> =>
    new Map([
      [SUMS, ofBytes(sums)],
      ...(key === undefined ? [] : [[SIGNATURE, ofBytes(await signDetached(sums, key))] as const]),
    ])
  const sums = sumsOf(packages, (hash) => hash)
  return {
    files: new Map([...packages.map(({ name, content }) => [name, content] as const), ...(await sign(sums))]),
    misled: await sign(sumsOf(packages, wrongHash)),
    forged:
      signingKey === undefined ? new Map() : await sign(sums, (await createSigningKey('nobody')).privateKey),
  }
}

/** A release's own folder, as it was published: what its SHA256SUMS does not say is refused. */
export async function checkFolder(folder: string, { publicKey }: FolderOptions): Promise<UpdateDirectory> {
  const sums = await readPublished(folder, SUMS)
  const lines = sums.toString('utf8').split('\n')
  const listed = new Map(
    lines.flatMap((line) => {
      const [, hash, name] = /^([0-9a-f]{64}) [ *](.+)$/i.exec(line) ?? []
      return hash === undefined || name === undefined ? [] : [[name, hash] as const]
    }),
  )
  const offers = (await readdir(folder))
    .filter((name) => listed.has(name))
    .map((name): PackageOffer => {
      const sha256 = listed.get(name)
      return { name, content: join(folder, name), declared: sha256 === undefined ? {} : { sha256 } }
    })
  if (offers.length === 0) {
    throw new UsageError(`no file in ${folder} is in its ${SUMS}`, { code: 'payload-unreadable' })
  }
  const { files, misled } = await checkDirectory(offers)
  const isSigned = publicKey !== undefined || (await readdir(folder)).includes(SIGNATURE)
  const signature = isSigned ? await readPublished(folder, SIGNATURE) : undefined
  if (signature !== undefined && publicKey !== undefined) {
    const why = await verifyDetached(sums, signature, publicKey)
    if (why !== undefined) {
      throw new UsageError(`the signature ${join(folder, SIGNATURE)} does not hold: ${why}`, {
        code: 'payload-signature',
        hint: 'offer a folder as it was published, and the key that it was signed with',
      })
    }
  }
  const own = new Map([
    [SUMS, ofBytes(sums)] as const,
    ...(signature === undefined ? [] : [[SIGNATURE, ofBytes(signature)] as const]),
  ])
  return { files: new Map([...files, ...own]), misled, forged: new Map() }
}

async function readPublished(folder: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, name))
  } catch (error) {
    throw new UsageError(`${join(folder, name)} cannot be read: ${codeOf(error)}`, {
      code: 'payload-unreadable',
      cause: error,
      hint: `a folder that is offered has a ${SUMS}, and a ${SIGNATURE} where a key is given`,
    })
  }
}

function sumsOf(packages: readonly CheckedPackage[], hash: (hash: Buffer) => Buffer): Buffer {
  const sorted = packages.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const lines = sorted.map(({ name, content }) => `${hash(content.sha256).toString('hex')}  ${name}\n`)
  return Buffer.from(lines.join(''))
}
