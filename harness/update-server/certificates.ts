// Certificates for the server's TLS side: an authority of its own, and certificates that are good, expired, not valid yet,
// of another name or of another authority. The library is loaded when the first one is made.

import type { webcrypto } from 'node:crypto'
import type { X509Certificate } from '@peculiar/x509'

/** `valid`, or what is wrong with it. */
export type CertificateKind = 'valid' | 'expired' | 'not-yet-valid' | 'wrong-name' | 'untrusted'

export interface ServerCertificate {
  /** PEM: the certificate. */
  readonly cert: string
  /** PEM: its key. Secret. */
  readonly key: string
}

export interface Authority {
  /** PEM: what a client has to trust. */
  readonly certificate: string
  issue(kind: CertificateKind, hostAddress: string): Promise<ServerCertificate>
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY_MS = 24 * 3600 * 1000

interface Issuer {
  readonly certificate: X509Certificate
  readonly keys: CryptoKeyPair
}
type Library = typeof import('@peculiar/x509')
type CryptoKeyPair = webcrypto.CryptoKeyPair

/** An authority that lives as long as the process. */
export async function createAuthority(): Promise<Authority> {
  const library = await load()
  const own = await createIssuer(library, 'Signalbox update test authority')
  return {
    certificate: own.certificate.toString('pem'),
    async issue(kind, hostAddress) {
      const issuer = kind === 'untrusted' ? await createIssuer(library, 'nobody') : own
      return await issueCertificate(library, issuer, kind, hostAddress)
    },
  }
}

async function load(): Promise<Library> {
  // The library takes its own parts out of a registry that needs this.
  await import('reflect-metadata')
  const library = await import('@peculiar/x509')
  library.cryptoProvider.set(globalThis.crypto)
  return library
}

async function newKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

async function createIssuer(library: Library, name: string): Promise<Issuer> {
  const keys = await newKeys()
  const certificate = await library.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${name}`,
    ...validity(-365, 3650),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new library.BasicConstraintsExtension(true, 0, true),
      new library.KeyUsagesExtension(library.KeyUsageFlags.keyCertSign, true),
      await library.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { certificate, keys }
}

async function issueCertificate(
  library: Library,
  issuer: Issuer,
  kind: CertificateKind,
  hostAddress: string,
): Promise<ServerCertificate> {
  const keys = await newKeys()
  const names =
    kind === 'wrong-name'
      ? [{ type: 'dns' as const, value: 'elsewhere.invalid' }]
      : [
          { type: 'ip' as const, value: hostAddress },
          { type: 'ip' as const, value: '127.0.0.1' },
          { type: 'dns' as const, value: 'localhost' },
        ]
  const certificate = await library.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: 'CN=Signalbox update server',
    issuer: issuer.certificate.subject,
    ...validityOf(kind),
    signingKey: issuer.keys.privateKey,
    publicKey: keys.publicKey,
    signingAlgorithm: algorithm,
    extensions: [
      new library.SubjectAlternativeNameExtension(names),
      new library.ExtendedKeyUsageExtension([library.ExtendedKeyUsage.serverAuth]),
      await library.AuthorityKeyIdentifierExtension.create(issuer.keys.publicKey),
    ],
  })
  const exported = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  const key = `-----BEGIN PRIVATE KEY-----\n${exported.replaceAll(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`
  return { cert: certificate.toString('pem'), key }
}

/** Wide, as the clock of a guest may be far off. */
function validityOf(kind: CertificateKind): { readonly notBefore: Date; readonly notAfter: Date } {
  switch (kind) {
    case 'expired':
      return validity(-365, -30)
    case 'not-yet-valid':
      return validity(365, 3650)
    case 'valid':
    case 'wrong-name':
    case 'untrusted':
      return validity(-365, 3650)
    default:
      return kind satisfies never
  }
}

function validity(fromDays: number, toDays: number): { readonly notBefore: Date; readonly notAfter: Date } {
  const now = Date.now()
  return { notBefore: new Date(now + fromDays * DAY_MS), notAfter: new Date(now + toDays * DAY_MS) }
}

function serialNumber(): string {
  // Positive, as a serial number has to be.
  return `01${Buffer.from(crypto.getRandomValues(new Uint8Array(15))).toString('hex')}`
}
