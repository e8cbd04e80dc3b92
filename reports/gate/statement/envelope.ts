// DSSE envelopes (github.com/secure-systems-lab/dsse) with in-toto statements in them: written, read, signed, checked. The
// encoding and the checks are sigstore's.

import { createHash, sign, type KeyObject } from 'node:crypto'
import { envelopeFromJSON, envelopeToJSON, type Envelope } from '@sigstore/bundle'
import { crypto, dsse } from '@sigstore/core'
import { messageOf, UsageError } from '../../../harness/errors.ts'
import { oneLine } from '../../../harness/hostile-text.ts'
import { digestFor, keyIdOf } from './keys.ts'
import { parseStatement, STATEMENT_MEDIA_TYPE, type Statement } from './statement.ts'

export interface ReadEnvelope {
  readonly envelope: Envelope
  readonly statement: Statement
  /** The sha256 of the payload, hexadecimal. */
  readonly payloadSha256: string
}

/** Puts a statement into an envelope and signs it. */
export function signStatement(statement: Statement, keys: readonly KeyObject[]): string {
  const payload = Buffer.from(JSON.stringify(statement))
  const envelope: Envelope = { payloadType: STATEMENT_MEDIA_TYPE, payload, signatures: [] }
  return envelopeText(keys.reduce(addSignature, envelope))
}

/** The envelope with one more signature. */
export function addSignature(envelope: Envelope, key: KeyObject): Envelope {
  const signed = dsse.preAuthEncoding(envelope.payloadType, envelope.payload)
  const signature = { keyid: keyIdOf(key), sig: sign(digestFor(key), signed, key) }
  return { ...envelope, signatures: [...envelope.signatures, signature] }
}

/** The one form in which we write it. */
export function envelopeText(envelope: Envelope): string {
  return `${JSON.stringify(envelopeToJSON(envelope))}\n`
}

/** Reads one of any tool's. Throws UsageError `envelope-unreadable`. */
export function readEnvelope(text: string, source: string): ReadEnvelope {
  try {
    const value: unknown = JSON.parse(text)
    if (!isEnvelope(value)) throw new Error('it has no payload, payloadType and signatures')
    const envelope = envelopeFromJSON(value)
    if (envelope.payloadType !== STATEMENT_MEDIA_TYPE)
      throw new Error(`its payload is ${oneLine(envelope.payloadType, 80)}, not ${STATEMENT_MEDIA_TYPE}`)
    const statement = parseStatement(envelope.payload.toString('utf8'))
    const payloadSha256 = createHash('sha256').update(envelope.payload).digest('hex')
    return { envelope, statement, payloadSha256 }
  } catch (error) {
    throw new UsageError(
      `${source} is no DSSE envelope with an in-toto statement: ${oneLine(messageOf(error), 160)}`,
      { code: 'envelope-unreadable', cause: error },
    )
  }
}

/** The names of the keys by which a signature of the envelope is right, and how many signatures no key accepts. */
export function checkSignatures(
  { payloadType, payload, signatures }: Envelope,
  keys: ReadonlyMap<string, KeyObject>,
): { readonly signedBy: readonly string[]; readonly badSignatures: number } {
  const signed = dsse.preAuthEncoding(payloadType, payload)
  const signedBy = new Set<string>()
  let badSignatures = 0
  for (const { sig } of signatures) {
    const names = [...keys].filter(([, key]) => crypto.verify(signed, key, sig, digestFor(key)))
    for (const [name] of names) signedBy.add(name)
    if (names.length === 0) badSignatures += 1
  }
  return { signedBy: [...signedBy].toSorted(), badSignatures }
}

function isEnvelope(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { payload, payloadType, signatures } = value as Readonly<Record<string, unknown>>
  return (
    typeof payload === 'string' &&
    typeof payloadType === 'string' &&
    Array.isArray(signatures) &&
    signatures.every((each: unknown) => typeof (each as { readonly sig?: unknown } | null)?.sig === 'string')
  )
}
