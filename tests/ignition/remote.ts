// Ignition fetches what a config points to, in the initrd, over the network, and trusts only what has the right hash.

import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '../../harness/index.ts'
import { dataUrl } from './data-url.ts'

const sha512 = (content: string | Uint8Array): string =>
  `sha512-${createHash('sha512').update(content).digest('hex')}`

const page = 'fetched over HTTP\n'.repeat(1000)
const packed = gzipSync(page)
const merged = JSON.stringify({
  ignition: { version: '3.0.0' },
  storage: { files: [{ path: '/opt/signalbox/remote/merged', contents: { source: dataUrl('merged\n') } }] },
})

describe('ignition', { firstBoot: true }, () => {
  test(
    'remote',
    {
      description: 'Files and a further config come over HTTP: plain, compressed, verified.',
      aliases: ['coreos.ignition.resource.local'],
      ignition: ({ http }) => ({
        ignition: {
          version: '3.0.0',
          config: {
            merge: [{ source: http.serve('/more.ign', merged), verification: { hash: sha512(merged) } }],
          },
        },
        storage: {
          files: [
            {
              path: '/opt/signalbox/remote/page',
              contents: { source: http.serve('/page.txt', page), verification: { hash: sha512(page) } },
            },
            {
              path: '/opt/signalbox/remote/packed',
              contents: {
                source: http.serve('/page.gz', packed),
                compression: 'gzip',
                verification: { hash: sha512(page) },
              },
            },
          ],
        },
      }),
    },
    async ({ machine, http }) => {
      await expect(machine).toHaveFile('/opt/signalbox/remote/page', { content: page })
      await expect(machine).toHaveFile('/opt/signalbox/remote/packed', { content: page })
      await expect(machine).toHaveFile('/opt/signalbox/remote/merged', { content: 'merged\n' })
      const asked = new Map(http.requests.map(({ path, status, userAgent }) => [path, { status, userAgent }]))
      for (const path of ['/more.ign', '/page.txt', '/page.gz']) {
        expect(asked.get(path)).toEqual({ status: 200, userAgent: expect.stringMatching(/^Ignition\//) })
      }
      // The network of the initrd is taken down again; the machine gets its address from networkd.
      await expect(machine).toRun(['networkctl', 'list', '--no-legend'], {
        stdout: /ether\s+routable\s+configured/,
      })
    },
  )

  test(
    'remote-wrong-hash',
    {
      description:
        'A file that is not what the config says stops the boot: no system comes up, and the console says why.',
      aliases: ['coreos.ignition.failure', 'coreos.unique.boot.ignition.failure'],
      distros: ['reference'],
      machines: 0,
      expectedMessages: [
        'ignition-failed',
        'initrd-emergency',
        'emergency-shell',
        'unit-failed',
        'dependency-failed',
      ],
      timeoutMs: 120_000,
    },
    async ({ cluster, http }) => {
      const machine = await cluster.boot({
        waitFor: 'nothing',
        ignition: {
          ignition: { version: '3.0.0' },
          storage: {
            files: [
              {
                path: '/opt/signalbox/tampered',
                contents: {
                  source: http.serve('/tampered', 'not what was promised'),
                  verification: { hash: sha512('promised') },
                },
              },
            ],
          },
        },
      })
      await machine.console.waitFor(/signalbox: emergency in the initrd: begin/)
      await machine.console.waitFor(/signalbox: failed units:.*\bignition-files\.service\b/)
      await machine.console.waitFor(
        new RegExp(`hash verification failed.*${sha512('promised').slice(7, 39)}`),
      )
      await machine.console.waitFor(/signalbox: emergency in the initrd: end/)
      expect(http.requests.map(({ path }) => path)).toContain('/tampered')
      const said = machine.console
        .lines()
        .filter((line) => /signalbox: (?:Ignition finished|multi-user reached)|login:/.test(line))
      expect(said).toEqual([])
      await machine.power('cut')
      const answer = machine.exec(['true'], { timeoutMs: 1000 })
      await expect(answer).rejects.toThrow()
    },
  )
})
