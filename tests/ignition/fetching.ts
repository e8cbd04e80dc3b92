// How Ignition fetches what a config points to: with headers, through a proxy, as long as it is told to wait, and over TFTP.

import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, test, type HttpHandler } from '../../harness/index.ts'
import { dataUrl } from './data-url.ts'
import { startTftp } from './tftp-server.ts'

const verification = (content: string | Uint8Array): { readonly hash: string } => ({
  hash: `sha256-${createHash('sha256').update(content).digest('hex')}`,
})
const folder = '/opt/signalbox/fetching'
const httpHeaders = [
  { name: 'X-Signalbox', value: 'all clear' },
  { name: 'Accept', value: 'text/signals' },
]

/** Only for who sends both headers. */
const guarded =
  (body: string | Uint8Array): HttpHandler =>
  ({ headers }) =>
    headers['x-signalbox'] === 'all clear' && headers['accept'] === 'text/signals'
      ? { body }
      : { status: 403, body: '' }

describe('ignition.fetching', { firstBoot: true, machines: 0, tags: ['system'], timeoutMs: 120_000 }, () => {
  test(
    'configs',
    {
      description:
        'A config takes the place of another one, and merges a third; compressed and verified they come, to those who send the right headers.',
    },
    async ({ cluster, http }) => {
      const file = (name: string): object => ({
        path: `${folder}/${name}`,
        contents: { source: dataUrl(`${name}\n`) },
      })
      const merged = JSON.stringify({
        ignition: { version: '3.2.0' },
        storage: { files: [file('merged')] },
      })
      const replacing = JSON.stringify({
        ignition: {
          version: '3.1.0',
          config: {
            merge: [
              {
                source: http.respond('/merged.ign', guarded(gzipSync(merged))),
                compression: 'gzip',
                verification: verification(merged),
                httpHeaders,
              },
            ],
          },
        },
        storage: {
          files: [
            file('replacing'),
            {
              path: `${folder}/guarded`,
              contents: { source: http.respond('/guarded', guarded('guarded\n')), httpHeaders },
            },
          ],
        },
      })
      const machine = await cluster.boot({
        ignition: {
          ignition: {
            version: '3.1.0',
            config: {
              replace: {
                source: http.respond('/replacing.ign', guarded(gzipSync(replacing))),
                compression: 'gzip',
                verification: verification(replacing),
                httpHeaders,
              },
            },
          },
          storage: { files: [file('replaced')] },
        },
      })
      for (const name of ['replacing', 'merged', 'guarded'])
        await expect.soft(machine).toHaveFile(`${folder}/${name}`, { content: `${name}\n` })
      await expect(machine).not.toHaveFile(`${folder}/replaced`, { timeoutMs: 1 })
      expect(http.requests.map(({ path, status }) => [path, status])).toEqual([
        ['/replacing.ign', 200],
        ['/merged.ign', 200],
        ['/guarded', 200],
      ])
    },
  )

  test(
    'ways',
    {
      description:
        'Files come through a proxy but from the hosts it is not for; a server that is silent is asked again when the time is over.',
    },
    async ({ cluster, http }) => {
      const askedAt: number[] = []
      const again = Promise.withResolvers<void>()
      http.respond('/silent', async () => {
        askedAt.push(performance.now())
        if (askedAt.length === 1) await again.promise
        else again.resolve()
        return { body: 'silent\n' }
      })
      http.serve('/proxied', 'proxied\n')
      http.serve('/direct', 'direct\n')
      const file = (name: string, source: string): object => ({
        path: `${folder}/${name}`,
        contents: { source },
      })
      const { hostname } = new URL(http.url('/'))
      const machine = await cluster.boot({
        ignition: {
          ignition: {
            version: '3.1.0',
            timeouts: { httpResponseHeaders: 3, httpTotal: 300 },
            // Nobody knows this host, only the proxy is asked for it.
            proxy: { httpProxy: http.url('/'), noProxy: [hostname] },
          },
          storage: {
            files: [
              file('proxied', 'http://elsewhere.invalid/proxied'),
              file('direct', http.url('/direct')),
              file('silent', http.url('/silent')),
            ],
          },
        },
      })
      for (const name of ['proxied', 'direct', 'silent'])
        await expect.soft(machine).toHaveFile(`${folder}/${name}`, { content: `${name}\n` })
      const asked = http.requests.map(({ path }) => path)
      expect(asked).toContain('http://elsewhere.invalid/proxied')
      expect(asked).toContain('/direct')
      expect(askedAt).toHaveLength(2)
      const [first = 0, second = 0] = askedAt
      // Three seconds and a pause; without the setting ten.
      expect((second - first) / 1000).toBeGreaterThan(2.5)
      expect((second - first) / 1000).toBeLessThan(9)
    },
  )

  test(
    'tftp',
    {
      description: 'Files come over TFTP too: of several blocks, of none, and verified.',
      aliases: ['coreos.ignition.resource.local'],
      platforms: ['qemu'],
    },
    async ({ cluster, http }) => {
      const large = Buffer.from(Array.from({ length: 512 * 9 }, (_, at) => (at * 7 + (at >> 8)) % 256))
      await using tftp = await startTftp(
        new Map([
          ['large', large],
          ['packed', gzipSync('packed\n')],
          ['empty', Buffer.alloc(0)],
        ]),
      )
      const site = `tftp://${new URL(http.url('/')).hostname}:${tftp.port}`
      const machine = await cluster.boot({
        ignition: {
          ignition: { version: '3.1.0' },
          storage: {
            files: [
              {
                path: `${folder}/large`,
                contents: { source: `${site}/large`, verification: verification(large) },
              },
              {
                path: `${folder}/packed`,
                contents: { source: `${site}/packed`, compression: 'gzip' },
              },
              { path: `${folder}/empty`, contents: { source: `${site}/empty` } },
            ],
          },
        },
      })
      const sum = createHash('sha256').update(large).digest('hex')
      await expect(machine).toRun(['sha256sum', `${folder}/large`], { stdout: sum })
      await expect(machine).toHaveFile(`${folder}/packed`, { content: 'packed\n' })
      await expect(machine).toHaveFile(`${folder}/empty`, { content: '' })
      expect(new Set(tftp.requests)).toEqual(new Set(['large', 'packed', 'empty']))
    },
  )
})
