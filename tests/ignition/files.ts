// Ignition writes files: from inside the config, compressed, verified, appended, over what the image has.

import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from '../../harness/index.ts'
import { base64DataUrl, dataUrl } from './data-url.ts'

const text = 'Größe: 100 %\n"quotes", tabs\tand a last line\n'
const bytes = Uint8Array.from({ length: 4096 }, (_, at) => (at * 7 + (at >> 8)) % 256)
const sha512 = (content: Uint8Array): string => createHash('sha512').update(content).digest('hex')

describe('ignition.files', { firstBoot: true, exclusive: false }, () => {
  test(
    'inline',
    {
      description:
        'A percent-encoded data URL becomes a file with its mode and owner, folders on the way included.',
      tags: ['smoke'],
      ignition: {
        ignition: { version: '3.0.0' },
        storage: {
          files: [
            {
              path: '/opt/signalbox/inline/deep/file.txt',
              mode: 0o640,
              user: { name: 'core' },
              group: { name: 'core' },
              contents: { source: dataUrl(text) },
            },
            { path: '/opt/signalbox/inline/empty', contents: { source: 'data:,' } },
          ],
        },
      },
    },
    async ({ machine }) => {
      await expect(machine).toHaveFile('/opt/signalbox/inline/deep/file.txt', {
        type: 'file',
        mode: 0o640,
        owner: 'core:core',
        content: text,
      })
      // Without a mode a file gets 0644, a folder on the way 0755.
      await expect(machine).toHaveFile('/opt/signalbox/inline/empty', {
        content: '',
        mode: 0o644,
        owner: 'root:root',
      })
      await expect(machine).toHaveFile('/opt/signalbox/inline/deep', {
        type: 'directory',
        mode: 0o755,
        owner: 'root:root',
      })
    },
  )

  test(
    'data-url',
    {
      description: 'Binary content arrives byte for byte: in base64, and compressed with a checked hash.',
      ignition: {
        ignition: { version: '3.0.0' },
        storage: {
          files: [
            { path: '/opt/signalbox/binary/plain', contents: { source: base64DataUrl(bytes) } },
            {
              path: '/opt/signalbox/binary/compressed',
              // Ignition compares the hash with what comes out of the unpacking.
              contents: {
                source: base64DataUrl(gzipSync(bytes)),
                compression: 'gzip',
                verification: { hash: `sha512-${sha512(bytes)}` },
              },
            },
          ],
        },
      },
    },
    async ({ machine }) => {
      for (const name of ['plain', 'compressed']) {
        await expect(machine).toRun(['sha512sum', `/opt/signalbox/binary/${name}`], { stdout: sha512(bytes) })
      }
    },
  )

  test(
    'over-the-image',
    {
      description:
        'A file of the image is replaced, another is appended to, and the image keeps its own copies.',
      distros: ['reference'],
      ignition: {
        ignition: { version: '3.0.0' },
        storage: {
          files: [
            { path: '/etc/motd', mode: 0o644, overwrite: true, contents: { source: dataUrl('replaced\n') } },
            {
              path: '/etc/hosts',
              append: [
                { source: dataUrl('192.0.2.1 first.example\n') },
                { source: dataUrl('192.0.2.2 second.example\n') },
              ],
            },
          ],
        },
      },
    },
    async ({ machine }) => {
      await expect(machine).toHaveFile('/etc/motd', { content: 'replaced\n' })
      const pristine = await machine.readFile('/usr/share/reference/etc/hosts')
      await expect(machine).toHaveFile('/etc/hosts', {
        content: `${pristine}192.0.2.1 first.example\n192.0.2.2 second.example\n`,
      })
      await expect(machine).toRun(['getent', 'hosts', 'second.example'], { stdout: '192.0.2.2' })
    },
  )
})
