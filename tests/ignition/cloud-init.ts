// Flatcar's older provisioner beside Ignition: coreos-cloudinit, which reads cloud-configs, scripts, and messages of several parts.
// A machine whose Ignition config is not empty, as the harness's never is, takes no user data of its platform: it is left where an
// installation leaves it, for the same program to apply it in the boot.

import { gzipSync } from 'node:zlib'
import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { dataUrl } from './data-url.ts'

const sudo = { sudo: true } as const

/** The program has as long as a slow boot takes: nothing that is waited for comes after it. */
const patience = { timeoutMs: 30_000 } as const

const withUserData = (text: string): Readonly<Record<string, unknown>> => ({
  ignition: { version: '3.0.0' },
  storage: {
    files: [{ path: '/var/lib/flatcar-install/user_data', mode: 0o600, contents: { source: dataUrl(text) } }],
  },
})

/** A public key of nobody's. */
const publicKey = (byte: number): string => {
  const head = Buffer.from('0000000b7373682d6564323535313900000020', 'hex')
  return `ssh-ed25519 ${Buffer.concat([head, Buffer.alloc(32, byte)]).toString('base64')}`
}

async function expectHostName(machine: Machine, name: string): Promise<void> {
  await expect(machine).toRun(['hostnamectl', '--static'], { stdout: new RegExp(`^${name}$`), ...patience })
}

const part = (type: string, content: string): string =>
  `Content-Type: ${type}; charset="us-ascii"\nMIME-Version: 1.0\nContent-Transfer-Encoding: 7bit\n\n${content}\n`

const text = 'encoded'
const base64 = Buffer.from(text).toString('base64')
const packed = gzipSync(text).toString('base64')
/** The encodings of write_files, all of one text. */
const encodings: Readonly<Record<string, string>> = {
  b64: base64,
  base64,
  gz: `!!binary ${packed}`,
  gzip: `!!binary ${packed}`,
  'gz+base64': packed,
  'gz+b64': packed,
  'gzip+base64': packed,
  'gzip+b64': packed,
}

const writeFile = (name: string, content: string, encoding?: string): string =>
  `  - path: /var/sbx/${name}\n${encoding === undefined ? '' : `    encoding: ${encoding}\n`}    content: ${content}\n`

const encodedFiles = Object.entries(encodings).map(([encoding, content], index) =>
  writeFile(String(index), content, encoding),
)

const parts = [
  part('text/cloud-config', `ssh_authorized_keys:\n  - ${publicKey(1)}`),
  part('text/cloud-config', 'hostname: first'),
  part('text/cloud-config', '#cloud-config\nhostname: second'),
  part('text/cloud-config', `write_files:\n${encodedFiles.join('')}${writeFile('plain', text)}`),
  part('text/x-shellscript', '#!/bin/sh\nmkdir -p /var/sbx && touch /var/sbx/script'),
  part('text/cloud-config', '#nothing but a comment'),
  part('text/plain', 'Nothing but text.'),
  part(
    'application/json',
    '{"ignition":{"version":"3.0.0"},"storage":{"files":[{"path":"/var/sbx/ignition"}]}}',
  ),
  part('text/plain', `#cloud-config\n\nwrite_files:\n${writeFile('hidden', text)}`),
]

const message = `Content-Type: multipart/mixed; boundary="sbx"\nMIME-Version: 1.0\n\n${parts.map((each) => `--sbx\n${each}`).join('\n')}\n--sbx--\n`

describe('ignition.cloud-init', { distros: ['flatcar'], firstBoot: true, timeoutMs: 120_000 }, () => {
  test(
    'config',
    {
      description: 'A cloud-config writes its file and sets the name of the machine.',
      aliases: ['cl.cloudinit.basic'],
      ignition: withUserData(
        '#cloud-config\nhostname: "sbx-cloud"\nwrite_files:\n  - path: "/foo"\n    content: bar\n',
      ),
    },
    async ({ machine }) => {
      await expect(machine).toHaveFile('/foo', { content: 'bar', ...patience })
      await expectHostName(machine, 'sbx-cloud')
    },
  )

  test(
    'script',
    {
      description: 'User data that begins with #! is run as a script.',
      aliases: ['cl.cloudinit.script'],
      ignition: withUserData('#!/bin/bash\nmkdir -p /var/sbx && echo said >/var/sbx/script\n'),
    },
    async ({ machine }) => {
      await expect(machine).toHaveFile('/var/sbx/script', { content: 'said\n', ...patience })
    },
  )

  test(
    'several-parts',
    {
      description:
        'Of a message of several parts each is used as its type or its first line says: keys, the first name, every encoding of files, a script; Ignition and mere text are left out.',
      aliases: ['cl.cloudinit.multipart-mime'],
      versions: '>=3620.0.0',
      ignition: withUserData(message),
    },
    async ({ machine }) => {
      await expect(machine).toHaveFile('/var/sbx/script', patience)
      for (const name of [...Object.keys(encodings).keys(), 'plain', 'hidden'])
        await expect.soft(machine).toHaveFile(`/var/sbx/${name}`, { content: text })
      await expect(machine).not.toHaveFile('/var/sbx/ignition', { timeoutMs: 1 })
      await expect(machine).toHaveFile('/home/core/.ssh/authorized_keys', { containing: publicKey(1) })
      await expectHostName(machine, 'first')
    },
  )

  test(
    'by-hand',
    {
      description:
        'Called by hand it gives core both keys of a config and etcd its drop-in, and runs a script as a unit.',
      aliases: ['cl.basic'],
      firstBoot: false,
    },
    async ({ machine }) => {
      const run = async (userData: string, ...options: readonly string[]): Promise<string> => {
        const workspace = await machine.run(['mktemp', '-d'], sudo)
        await machine.writeFile('/var/lib/sbx-user-data', userData)
        const from = [`--workspace=${workspace}`, '--from-file=/var/lib/sbx-user-data', ...options]
        await machine.run(['coreos-cloudinit', ...from], {
          ...sudo,
          timeoutMs: 60_000 * machine.slowness,
        })
        return workspace
      }
      const discovery = 'https://discovery.example/token'
      await run(
        `#cloud-config
coreos:
  etcd:
    discovery: ${discovery}
ssh_authorized_keys:
  - ${publicKey(2)} one
  - ${publicKey(3)} two
`,
        '--ssh-key-name=sbx',
      )
      await expect(machine).toHaveFile('/run/systemd/system/etcd.service.d/20-cloudinit.conf', {
        containing: `Environment="ETCD_DISCOVERY=${discovery}"`,
      })
      for (const key of [publicKey(2), publicKey(3)])
        await expect(machine).toHaveFile('/home/core/.ssh/authorized_keys', { containing: key })
      const workspace = await run('#!/bin/bash\nexec sleep 1000000\n')
      const unit = (await machine.readFile(`${workspace}/scripts/unit-name`)).trim()
      await expect(machine).toHaveActiveUnit(unit)
    },
  )

  test(
    'installed',
    {
      description: 'A cloud-config that an installation has left is applied by the next boot.',
      aliases: ['cl.install.cloudinit'],
      excludePlatforms: ['azure'],
      ignition: withUserData('#cloud-config\nhostname: "cloudy"\n'),
    },
    async ({ machine }) => {
      await expect(machine).toRun(['hostname'], { stdout: /^cloudy$/, ...patience })
    },
  )
})
