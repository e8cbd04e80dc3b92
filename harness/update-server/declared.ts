// What a payload is declared to be, held against what it is: a wrong size, hash or signature is the mistake of whoever
// offers it, and is said before any machine boots.

import { buffer } from 'node:stream/consumers'
import { UsageError } from '../errors.ts'
import type { Content, ContentSource } from './content.ts'
import { readContent } from './content.ts'
import { verifyDetached } from './openpgp.ts'

/** What is known of a payload from elsewhere: its release's manifest, a SHA256SUMS. */
export interface Declared {
  readonly bytes?: number
  /** 64 hexadecimal digits, or base64 as Omaha has it. */
  readonly sha256?: string
  /** 40 hexadecimal digits, or base64 as Omaha has it. */
  readonly sha1?: string
  /** A detached OpenPGP signature, armored or binary, and the key, armored, that it must be by. */
  readonly signature?: { readonly of: string | Uint8Array; readonly publicKey: string }
}

/** A file to offer. */
export interface PackageOffer {
  /** As clients ask for it: letters, digits and `. _ - + @ ~`. */
  readonly name: string
  readonly content: ContentSource
  readonly declared?: Declared
}

/** A file that is what it is declared to be. */
export interface CheckedPackage {
  readonly name: string
  readonly content: Content
}

/**
 * Reads a payload and refuses one that is not what it is declared to be. Throws UsageError: `payload-name`,
 * `payload-unreadable`, `payload-empty`, `payload-mismatch`, `payload-signature`.
 */
export async function checkPackage(offer: PackageOffer): Promise<CheckedPackage> {
  const { name, declared = {} } = offer
  if (!/^\w[\w.+@~-]{0,199}$/.test(name)) {
    throw new UsageError(`${JSON.stringify(name.slice(0, 200))} is no name of a payload`, {
      code: 'payload-name',
      hint: 'letters, digits and . _ - + @ ~, the first a letter or digit, at most 200',
    })
  }
  const content = await readContent(offer.content)
  if (content.bytes === 0) {
    throw new UsageError(`the payload ${name} is empty`, {
      code: 'payload-empty',
      hint: 'look at what built it',
    })
  }
  requireSame(name, 'size', declared.bytes?.toString(), `${content.bytes}`)
  requireHash(name, 'SHA-256', declared.sha256, content.sha256)
  requireHash(name, 'SHA-1', declared.sha1, content.sha1)
  if (declared.signature !== undefined) await requireSigned(name, content, declared.signature)
  return { name, content }
}

function requireHash(name: string, what: string, declared: string | undefined, actual: Buffer): void {
  if (declared === undefined) return
  const isHex = declared.length === actual.length * 2 && /^[0-9a-f]+$/i.test(declared)
  requireSame(
    name,
    what,
    isHex ? declared.toLowerCase() : declared,
    actual.toString(isHex ? 'hex' : 'base64'),
  )
}

function requireSame(name: string, what: string, declared: string | undefined, actual: string): void {
  if (declared === undefined || declared === actual) return
  throw new UsageError(
    `the payload ${name} is not what is declared: its ${what} is ${actual}, not ${declared}`,
    {
      code: 'payload-mismatch',
      hint: 'it was built anew, or copied in part: offer the file that the declaration is of',
    },
  )
}

async function requireSigned(
  name: string,
  content: Content,
  { of, publicKey }: NonNullable<Declared['signature']>,
): Promise<void> {
  const why = await verifyDetached(await buffer(content.open(0, content.bytes)), of, publicKey)
  if (why === undefined) return
  throw new UsageError(`the signature of the payload ${name} does not hold: ${why}`, {
    code: 'payload-signature',
    hint: 'offer the file that was signed, its own signature, and the key that it was signed with',
  })
}
