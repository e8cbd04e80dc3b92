// Encodes an ed25519 key pair in OpenSSH's own formats. Node makes the key; ssh2's generator is not used, because it
// drops a leading zero byte, so that one key in 256 cannot be read back.

import { generateKeyPairSync } from 'node:crypto'

export interface KeyText {
  /** PEM, `openssh-key-v1`, without a passphrase. */
  readonly privateKey: string
  /** One line as in `authorized_keys`, without a newline. */
  readonly publicKey: string
}

const KEY_TYPE = 'ssh-ed25519'

/** Makes a new ed25519 key pair. Format: OpenSSH's PROTOCOL.key, unencrypted. */
export function generateKeyText(comment: string): KeyText {
  const { privateKey } = generateKeyPairSync('ed25519')
  const { d, x } = privateKey.export({ format: 'jwk' })
  if (d === undefined || x === undefined) throw new Error('an ed25519 key has no seed or no public part')
  const seed = Buffer.from(d, 'base64url')
  const point = Buffer.from(x, 'base64url')
  const publicBlob = Buffer.concat([field(KEY_TYPE), field(point)])
  return {
    privateKey: pem(privateBlob(publicBlob, seed, point, comment)),
    publicKey: `${KEY_TYPE} ${publicBlob.toString('base64')} ${comment}`,
  }
}

function privateBlob(publicBlob: Buffer, seed: Buffer, point: Buffer, comment: string): Buffer {
  // The two check words must be equal; they only tell a reader that its passphrase was right.
  const check = Buffer.alloc(8)
  const secret = Buffer.concat([
    check,
    field(KEY_TYPE),
    field(point),
    field(Buffer.concat([seed, point])),
    field(comment),
  ])
  const padding = Buffer.from(Array.from({ length: (8 - (secret.length % 8)) % 8 }, (_, i) => i + 1))
  return Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    field('none'),
    field('none'),
    field(''),
    word(1),
    field(publicBlob),
    field(Buffer.concat([secret, padding])),
  ])
}

function pem(blob: Buffer): string {
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? []
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n')
}

function field(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([word(bytes.length), bytes])
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
