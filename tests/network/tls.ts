// Whom the machine believes: over TLS only servers with a certificate of an authority that it was given, in its name and time.

import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, test, type CertificateKind } from '../../harness/index.ts'
import { base64DataUrl } from '../ignition/data-url.ts'

const verification = (content: string | Uint8Array): { readonly hash: string } => ({
  hash: `sha512-${createHash('sha512').update(content).digest('hex')}`,
})

describe('network', { tags: ['system'] }, () => {
  test(
    'private-authority',
    {
      description:
        'A page of a private authority is fetched once that authority is trusted; expired, misnamed and foreign ones never.',
      distros: ['reference'],
    },
    async ({ machine, updateServer }) => {
      await updateServer.offerFiles([{ name: 'page', content: Buffer.from('behind TLS\n') }])
      const fetch = async (
        kind: CertificateKind,
      ): Promise<{ readonly exitCode: number; readonly text: string }> => {
        const url = `${(await updateServer.https(kind)).directory}page`
        const { exitCode, stdout, stderr } = await machine.exec(['curl', '--silent', '--show-error', url])
        return { exitCode: exitCode ?? -1, text: stdout + stderr }
      }
      // 60: the certificate could not be verified.
      expect(await fetch('valid')).toEqual({
        exitCode: 60,
        text: expect.stringContaining('unable to get local issuer'),
      })
      const authorities = '/etc/ssl/certs/ca-certificates.crt'
      const trusted = await machine.readFile(authorities)
      await machine.writeFile(authorities, `${trusted}${await updateServer.caCertificate()}\n`)
      expect(await fetch('valid')).toEqual({ exitCode: 0, text: 'behind TLS' })
      expect(await fetch('expired')).toMatchObject({ exitCode: 60, text: expect.stringContaining('expired') })
      expect(await fetch('not-yet-valid')).toMatchObject({
        exitCode: 60,
        text: expect.stringContaining('not yet valid'),
      })
      expect(await fetch('wrong-name')).toMatchObject({
        exitCode: 60,
        text: expect.stringContaining('no alternative certificate subject name matches'),
      })
      expect(await fetch('untrusted')).toMatchObject({ exitCode: 60 })
    },
  )
})

describe('ignition', { firstBoot: true }, () => {
  test(
    'tls',
    {
      description:
        'Ignition fetches a further config and a file over TLS from a server whose authority its config names.',
      aliases: ['coreos.ignition.security.tls'],
      ignition: async ({ updateServer }) => {
        const content = Buffer.from('behind TLS\n')
        const more = JSON.stringify({
          ignition: { version: '3.0.0' },
          storage: { files: [{ path: '/opt/signalbox/tls-more', contents: { source: 'data:,merged' } }] },
        })
        await updateServer.offerFiles([
          { name: 'page', content },
          { name: 'more.ign', content: Buffer.from(more) },
        ])
        const { directory } = await updateServer.https('valid')
        const authority = await updateServer.caCertificate()
        return {
          ignition: {
            version: '3.1.0',
            config: { merge: [{ source: `${directory}more.ign` }] },
            security: {
              tls: {
                certificateAuthorities: [
                  {
                    source: base64DataUrl(gzipSync(authority)),
                    compression: 'gzip',
                    verification: verification(authority),
                  },
                ],
              },
            },
          },
          storage: {
            files: [
              {
                path: '/opt/signalbox/tls',
                contents: { source: `${directory}page`, verification: verification(content) },
              },
            ],
          },
        }
      },
    },
    async ({ machine, updateServer }) => {
      await expect(machine).toHaveFile('/opt/signalbox/tls', { content: 'behind TLS\n' })
      await expect(machine).toHaveFile('/opt/signalbox/tls-more', { content: 'merged' })
      const asked = updateServer.requests().filter(({ secure }) => secure)
      for (const name of ['page', 'more.ign'])
        expect(asked.filter(({ path }) => path.endsWith(`/${name}`)).length).toBeGreaterThan(0)
    },
  )
})
