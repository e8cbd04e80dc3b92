// Keys of WireGuard, made by the test.

import { generateKeyPairSync } from 'node:crypto'

/** A key pair as WireGuard writes it: 32 bytes in base64. */
export function newKeys(): { readonly secret: string; readonly public: string } {
  const pair = generateKeyPairSync('x25519')
  const part = (name: 'd' | 'x'): string => {
    const { [name]: bytes = '' } = pair.privateKey.export({ format: 'jwk' })
    return Buffer.from(bytes, 'base64url').toString('base64')
  }
  return { secret: part('d'), public: part('x') }
}
