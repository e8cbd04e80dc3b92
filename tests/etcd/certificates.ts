// Certificates for etcd: an authority, and what it issues for a member (server and client in one, as peers are both) or a
// client. Made on the host, so that an emulated guest need not.

import type { webcrypto } from 'node:crypto'
import type { X509Certificate } from '@peculiar/x509'

/** PEM texts. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
}

export interface Authority {
  readonly certificate: string
  /** For a server and client with these addresses and names; without any it is good for a client only. */
  issue(name: string, addresses?: readonly string[], dnsNames?: readonly string[]): Promise<Certificate>
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** Long, as the clock of a guest may be off. */
const validity = {
  notBefore: new Date(Date.now() - 365 * 24 * 3600 * 1000),
  notAfter: new Date(Date.now() + 3650 * 24 * 3600 * 1000),
} as const

async function library(): Promise<typeof import('@peculiar/x509')> {
  // It takes its own parts out of a registry that needs this.
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  x509.cryptoProvider.set(globalThis.crypto)
  return x509
}

export async function createAuthority(name: string): Promise<Authority> {
  const x509 = await library()
  const keys = await newKeys()
  const own: X509Certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: `CN=${name}`,
    ...validity,
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  let serial = 1
  return {
    certificate: own.toString('pem'),
    async issue(subject, addresses = [], dnsNames = []) {
      const mine = await newKeys()
      const names = [
        ...addresses.map((value) => ({ type: 'ip' as const, value })),
        ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
      ]
      const { serverAuth, clientAuth } = x509.ExtendedKeyUsage
      serial += 1
      const issued = await x509.X509CertificateGenerator.create({
        serialNumber: serial.toString(16).padStart(4, '0'),
        subject: `CN=${subject}`,
        issuer: own.subject,
        ...validity,
        signingKey: keys.privateKey,
        publicKey: mine.publicKey,
        signingAlgorithm: algorithm,
        extensions: [
          ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
          new x509.ExtendedKeyUsageExtension(names.length === 0 ? [clientAuth] : [serverAuth, clientAuth]),
          await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
        ],
      })
      return { certificate: issued.toString('pem'), key: await pemOf(mine.privateKey) }
    },
  }
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const text = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64')
  return `-----BEGIN PRIVATE KEY-----\n${text.replaceAll(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`
}
