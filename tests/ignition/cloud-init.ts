// Flatcar's older provisioner beside Ignition: coreos-cloudinit, which reads cloud-configs, scripts, and messages of several parts.

import { gzipSync } from 'node:zlib'
import { describe, expect, test, type Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const

/** As the service of the boot calls it, with the user data in a file. */
async function provision(machine: Machine, userData: string): Promise<void> {
  await machine.writeFile('/var/lib/sbx-user-data', userData)
  await machine.run(['coreos-cloudinit', '--from-file=/var/lib/sbx-user-data'], {
    ...sudo,
    timeoutMs: 60_000 * machine.slowness,
  })
}

const part = (type: string, content: string): string =>
  `Content-Type: ${type}; charset="utf-8"\nMIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\n\n${content}\n`

const text = 'encoded'
const base64 = Buffer.from(text).toString('base64')
const packed = gzipSync(text).toString('base64')
/** The encodings of write_files, all of one text. */
const encodings: Readonly<Record<string, string>> = {
  '': text,
  b64: base64,
  base64,
  gz: `!!binary ${packed}`,
  gzip: `!!binary ${packed}`,
  'gz+base64': packed,
  'gzip+b64': packed,
}

describe('ignition.cloud-init', { distros: ['flatcar'], tags: ['ignition'], timeoutMs: 120_000 }, () => {
  test(
    'config',
    {
      description: 'A cloud-config writes its file and sets the name of the machine.',
      aliases: ['cl.cloudinit.basic'],
    },
    async ({ machine }) => {
      await provision(
        machine,
        '#cloud-config\nhostname: sbx-cloud\nwrite_files:\n  - path: /foo\n    content: bar\n',
      )
      await expect(machine).toHaveFile('/foo', { content: 'bar' })
      await expect(machine).toRun(['hostnamectl', 'hostname'], { stdout: /^sbx-cloud$/ })
    },
  )

  test(
    'script',
    {
      description: 'User data that begins with #! is run as a script.',
      aliases: ['cl.cloudinit.script'],
      versions: '>=3620.0.0',
    },
    async ({ machine }) => {
      await provision(machine, '#!/bin/bash\nmkdir -p /var/sbx && echo said >/var/sbx/script\n')
      await expect(machine).toHaveFile('/var/sbx/script', { content: 'said\n', timeoutMs: 15_000 })
    },
  )

  test(
    'several-parts',
    {
      description:
        'Of a message of several parts each is used as its type says: every encoding of files, the first name; Ignition is left out.',
      aliases: ['cl.cloudinit.multipart-mime'],
      versions: '>=3620.0.0',
    },
    async ({ machine }) => {
      const files = Object.entries(encodings).map(([encoding, content], index) =>
        part(
          'text/cloud-config',
          `#cloud-config\nwrite_files:\n  - path: /var/sbx/${index}\n${encoding === '' ? '' : `    encoding: ${encoding}\n`}    content: ${content}`,
        ),
      )
      const parts = [
        part('text/cloud-config', '#cloud-config\nhostname: first'),
        part('text/cloud-config', '#cloud-config\nhostname: second'),
        ...files,
        part(
          'application/json',
          '{"ignition":{"version":"3.0.0"},"storage":{"files":[{"path":"/var/sbx/ignition"}]}}',
        ),
        part('text/x-shellscript', '#!/bin/bash\ntouch /var/sbx/script'),
      ]
      const message = `Content-Type: multipart/mixed; boundary="sbx"\nMIME-Version: 1.0\n\n${parts.map((each) => `--sbx\n${each}`).join('\n')}\n--sbx--\n`
      await provision(machine, message)
      await expect(machine).toHaveFile('/var/sbx/script', { timeoutMs: 15_000 })
      for (const index of Object.keys(encodings).keys())
        await expect.soft(machine).toHaveFile(`/var/sbx/${index}`, { content: text })
      await expect(machine).not.toHaveFile('/var/sbx/ignition', { timeoutMs: 1 })
      await expect(machine).toRun(['hostnamectl', 'hostname'], { stdout: /^first$/ })
    },
  )

  test(
    'installed',
    {
      description: 'A cloud-config that an installation has left is applied by the next boot.',
      aliases: ['cl.install.cloudinit'],
      excludePlatforms: ['azure'],
      firstBoot: true,
      ignition: {
        ignition: { version: '3.0.0' },
        storage: {
          files: [
            {
              path: '/var/lib/flatcar-install/user_data',
              mode: 384,
              contents: { source: 'data:,%23cloud-config%0Ahostname:%20cloudy%0A' },
            },
          ],
        },
      },
    },
    async ({ machine }) => {
      await expect(machine).toRun(['hostnamectl', 'hostname'], { stdout: /^cloudy$/, timeoutMs: 15_000 })
    },
  )
})
