// OpenPGP as update clients use it: a detached signature beside a file (`SHA256SUMS.gpg`), checked against a key that the
// image has. The library is loaded when the first key is used.

import { messageOf, UsageError } from '../errors.ts'

/** A key pair for signing what is offered; both armored. */
export interface SigningKey {
  /** Secret: never shown, never part of an event. */
  readonly privateKey: string
  readonly publicKey: string
  /** The public key as a keyring, for `/etc/systemd/import-pubring.gpg` of a guest. */
  readonly publicKeyring: Uint8Array
}

const load = async (): Promise<typeof import('openpgp')> => await import('openpgp')

/** Makes a key pair (Ed25519, in the form that GnuPG 2.2 reads, without an expiry). */
export async function createSigningKey(name = 'Signalbox update test'): Promise<SigningKey> {
  const { generateKey, readKey } = await load()
  // A guest's clock may be behind this host's: a key from the future is none.
  const date = new Date(Date.now() - 24 * 3600 * 1000)
  const userIDs = [{ name, email: 'update@signalbox.invalid' }]
  const made = await generateKey({ type: 'ecc', curve: 'ed25519Legacy', userIDs, date, format: 'armored' })
  const publicKeyring = (await readKey({ armoredKey: made.publicKey })).write()
  return { privateKey: made.privateKey, publicKey: made.publicKey, publicKeyring }
}

/** A detached binary signature. Throws UsageError `signing-key` for what is no usable private key. */
export async function signDetached(content: Uint8Array, privateKey: string): Promise<Uint8Array> {
  const { createMessage, readPrivateKey, sign } = await load()
  try {
    const signingKeys = await readPrivateKey({ armoredKey: privateKey })
    const message = await createMessage({ binary: content })
    const date = new Date(Date.now() - 3600 * 1000)
    return await sign({ message, signingKeys, detached: true, format: 'binary', date })
  } catch (error) {
    throw new UsageError(`the signing key cannot be used: ${messageOf(error)}`, {
      code: 'signing-key',
      hint: 'give an armored OpenPGP private key that is not locked by a passphrase',
    })
  }
}

/** Why a signature does not hold, or undefined when it does. The content is held in memory meanwhile. */
export async function verifyDetached(
  content: Uint8Array,
  signature: string | Uint8Array,
  publicKey: string,
): Promise<string | undefined> {
  const { createMessage, readKeys, readSignature, verify } = await load()
  try {
    const verificationKeys = await readKeys({ armoredKeys: publicKey })
    const read =
      typeof signature === 'string'
        ? await readSignature({ armoredSignature: signature })
        : await readSignature({ binarySignature: signature })
    const message = await createMessage({ binary: content })
    const { signatures } = await verify({ message, signature: read, verificationKeys, format: 'binary' })
    const [first] = signatures
    if (first === undefined) return 'it holds no signature'
    await first.verified
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}
