// The key that signs what the firmware starts: one pair in the cache of images, made when the first image is built and good for tests
// alone. Signing itself is sbsigntool's work (Authenticode, as the UEFI specification asks for). Nothing here talks to firmware.

import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../../harness/process.ts'
import { sourceDateEpoch } from './recipe.ts'

/** Files of the pair: an RSA key (PKCS #8) and its own certificate, both PEM. */
export interface SigningKey {
  readonly key: string
  readonly certificate: string
}

/** Who signs, as the firmware and the guest's kernel show it. */
export const SIGNER = 'Signalbox reference image TEST key - never trust on a real machine'

// Secure Boot's oldest common denominator; RSA also makes the same signature of the same bytes.
const algorithm = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
} as const

/** The pair of an image cache; makes it where there is none. The caller holds the lock of the cache's builders. */
export async function ensureSigningKey(cache: string): Promise<SigningKey> {
  const found = signingKeyOf(cache)
  if (found !== undefined) return found
  const folder = join(cache, SIGNING)
  const fresh = `${folder}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { recursive: true, mode: 0o700 })
  const { key, certificate } = await createPair()
  await writeFile(join(fresh, KEY), key, { mode: 0o600 })
  await writeFile(join(fresh, CERTIFICATE), certificate)
  await rm(folder, { recursive: true, force: true })
  await rename(fresh, folder)
  return { key: join(folder, KEY), certificate: join(folder, CERTIFICATE) }
}

/** The pair of an image cache, where there is one. */
export function signingKeyOf(cache: string): SigningKey | undefined {
  const [key, certificate] = [join(cache, SIGNING, KEY), join(cache, SIGNING, CERTIFICATE)]
  return existsSync(key) && existsSync(certificate) ? { key, certificate } : undefined
}

/** Signs an EFI program in place; a signature that it has already is replaced. Throws InfraError when sbsign refuses. */
export async function signEfi(
  path: string,
  { key, certificate }: SigningKey,
  signal?: AbortSignal,
): Promise<void> {
  const env = { SOURCE_DATE_EPOCH: String(sourceDateEpoch), LC_ALL: 'C.UTF-8' }
  if (hasSignature(await readFile(path))) await runCommand('sbattach', ['--remove', path], { signal, env })
  const signed = `${path}.signed`
  await runCommand('sbsign', ['--key', key, '--cert', certificate, '--output', signed, path], { signal, env })
  await rename(signed, path)
}

/** Whether a PE file has a certificate table: entry 4 of the data directories, where PE32+ has them. */
export function hasSignature(file: Uint8Array): boolean {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length)
  return bytes.readUInt32LE(bytes.readUInt32LE(0x3c) + 24 + 112 + 4 * 8 + 4) > 0
}

const SIGNING = '.signing'
const KEY = 'test-key.pem'
const CERTIFICATE = 'test-certificate.pem'

async function createPair(): Promise<{ readonly key: string; readonly certificate: string }> {
  // The library takes its own parts out of a registry that needs this.
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  x509.cryptoProvider.set(globalThis.crypto)
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=${SIGNER}`,
    notBefore: new Date(sourceDateEpoch * 1000),
    // The firmware looks at no dates; a guest whose clock is off might.
    notAfter: new Date('2049-01-01T00:00:00Z'),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([CODE_SIGNING]),
    ],
  })
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return { key, certificate: certificate.toString('pem') }
}

/** id-kp-codeSigning of RFC 5280. */
const CODE_SIGNING = '1.3.6.1.5.5.7.3.3'
