// Keys that users manage: Ed25519 or ECDSA, as PEM. A private key is read, used and forgotten; no message ever holds one.

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from 'node:crypto'
import { UsageError } from '../../../harness/errors.ts'

const HINT = 'make a pair: signalbox gate keygen NAME, or openssl genpkey -algorithm ed25519 -out NAME.pem'

/** Reads a private key. `source` names it in errors; its text is in none. */
export function readPrivateKey(pem: string, source: string): KeyObject {
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch {
    throw new UsageError(`${source} is no private key in PEM, or it has a passphrase`, {
      code: 'key-unreadable',
      hint: HINT,
    })
  }
  return admitted(key, source)
}

/** Reads a public key, or the public half of a private one. */
export function readPublicKey(pem: string, source: string): KeyObject {
  let key: KeyObject
  try {
    key = createPublicKey(pem)
  } catch {
    throw new UsageError(`${source} is no public key in PEM`, { code: 'key-unreadable', hint: HINT })
  }
  return admitted(key, source)
}

/** The sha256, in hexadecimal, of the public key in its DER form (SubjectPublicKeyInfo): its id in envelopes. */
export function keyIdOf(key: KeyObject): string {
  const half = key.type === 'private' ? createPublicKey(key) : key
  return createHash('sha256')
    .update(half.export({ type: 'spki', format: 'der' }))
    .digest('hex')
}

/** The digest that its signatures are made over; Ed25519 has its own. */
export function digestFor(key: KeyObject): 'sha256' | undefined {
  return key.asymmetricKeyType === 'ed25519' ? undefined : 'sha256'
}

/** A new Ed25519 pair as PEM. */
export function generateKeys(): { readonly privateKey: string; readonly publicKey: string } {
  return generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
}

function admitted(key: KeyObject, source: string): KeyObject {
  if (key.asymmetricKeyType === 'ed25519' || key.asymmetricKeyType === 'ec') return key
  throw new UsageError(`${source} is a key of the kind ${key.asymmetricKeyType}; expected ed25519 or ec`, {
    code: 'key-kind',
    hint: HINT,
  })
}
