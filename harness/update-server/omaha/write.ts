// An answer as XML, with the elements and attributes that update_engine and flatcar-postinst look for.

import { createHash } from 'node:crypto'
import XmlBuilder from 'fast-xml-builder'
import type { CheckedPackage } from '../declared.ts'
import type { OfferedRelease } from '../release.ts'
import type { AnsweredApp, OmahaAnswer } from './answer.ts'

const builder = new XmlBuilder({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  suppressEmptyNode: true,
  suppressBooleanAttributes: false,
})

export interface WriteOptions {
  /** Where the packages of a release are: ends with a slash. */
  readonly codebaseOf: (release: OfferedRelease) => string
  /** Every hash is of something else. */
  readonly wrongHashes: boolean
}

export function writeOmahaAnswer(answer: OmahaAnswer, options: WriteOptions): string {
  return builder.build({
    '?xml': { '@version': '1.0', '@encoding': 'UTF-8' },
    response: {
      '@protocol': '3.0',
      '@server': 'signalbox',
      daystart: { '@elapsed_seconds': '0' },
      app: answer.apps.map((app) => appElement(app, options)),
    },
  })
}

function appElement({ app, status, check, release }: AnsweredApp, options: WriteOptions): object {
  const named = { ...(app.appId === undefined ? {} : { '@appid': app.appId }), '@status': status }
  if (status !== 'ok') return named
  return {
    ...named,
    ...(check === undefined
      ? {}
      : { updatecheck: { '@status': check, ...(release === undefined ? {} : offer(release, options)) } }),
    ...(app.ping ? { ping: { '@status': 'ok' } } : {}),
    ...(app.events.length === 0 ? {} : { event: app.events.map(() => ({ '@status': 'ok' })) }),
  }
}

function offer(release: OfferedRelease, { codebaseOf, wrongHashes }: WriteOptions): object {
  const [main] = release.packages
  const base64 = (hash: Buffer): string => (wrongHashes ? wrongHash(hash) : hash).toString('base64')
  const packageElement = ({ name, content }: CheckedPackage): object => ({
    '@name': name,
    '@hash': base64(content.sha1),
    '@hash_sha256': base64(content.sha256),
    '@size': `${content.bytes}`,
    // Only the first is the payload; the others are picked by name.
    '@required': `${name === main.name}`,
  })
  return {
    urls: { url: { '@codebase': codebaseOf(release) } },
    manifest: {
      '@version': release.version,
      packages: { package: release.packages.map(packageElement) },
      actions: {
        action: {
          '@event': 'postinstall',
          '@DisplayVersion': release.version,
          '@sha256': base64(main.content.sha256),
          '@needsadmin': 'false',
          '@IsDeltaPayload': 'false',
          // Otherwise a client that failed once waits for hours before it tries again.
          '@DisablePayloadBackoff': 'true',
          ...Object.fromEntries(Object.entries(release.action).map(([name, value]) => [`@${name}`, value])),
        },
      },
    },
  }
}

/** A hash of the same kind that is not this one. */
export function wrongHash(hash: Buffer): Buffer {
  return createHash(hash.length === 20 ? 'sha1' : 'sha256')
    .update(hash)
    .digest()
}
