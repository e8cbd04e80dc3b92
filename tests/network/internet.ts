// What only a machine with a way to the Internet can show.

import { describe, expect, test } from '../../harness/index.ts'
import { releaseOf } from '../extensions/extension.ts'

describe('network.internet', { surroundings: ['internet'], tags: ['internet'] }, () => {
  test(
    'fetch-urls',
    {
      description: 'Public web pages are fetched over TLS with the authorities that the image trusts.',
      aliases: ['coreos.tls.fetch-urls'],
      timeoutMs: 600_000,
    },
    async ({ machine }) => {
      const curl = ['curl', '--silent', '--show-error', '--fail', '--output', '/dev/null']
      const wget = ['wget', '--no-verbose', '--output-document=/dev/null', '--timeout=30', '--tries=2']
      // Not every image has wget: Flatcar must, Fedora CoreOS has none.
      const { ID } = await releaseOf(machine)
      const hasWget = ID === 'flatcar' || (await machine.exec(['which', 'wget'])).exitCode === 0
      for (const url of [
        'https://www.example.com/',
        'https://www.wikipedia.org/',
        'https://start.fedoraproject.org/',
      ]) {
        const wait = { timeoutMs: 100_000 } as const
        await expect.soft(machine).toRun([...curl, '--max-time', '30', '--retry', '2', url], wait)
        if (hasWget) await expect.soft(machine).toRun([...wget, url], wait)
      }
    },
  )

  test(
    'names',
    { description: 'Public names are found through the resolver that DHCP gave.' },
    async ({ machine }) => {
      await expect(machine).toRun(['getent', 'ahosts', 'www.example.com'], {
        stdout: /STREAM/,
        timeoutMs: 30_000,
      })
    },
  )

  test(
    'basics',
    {
      description:
        'The update client has a status, a container reaches the Internet, and a public clock answers.',
      aliases: ['cl.internet'],
      distros: ['flatcar'],
      timeoutMs: 180_000,
    },
    async ({ machine }) => {
      await expect(machine).toRun(['update_engine_client', '-status'], {
        sudo: true,
        stdout: /CURRENT_OP=/,
        timeoutMs: 20_000,
      })
      const container = ['docker', 'run', '--rm', 'ghcr.io/flatcar/busybox']
      await expect(machine).toRun([...container, 'ping', '-c', '4', '-w', '10', 'flatcar.org'], {
        sudo: true,
        timeoutMs: 60_000,
      })
      await expect(machine).toRun([...container, 'echo', 'said'], {
        sudo: true,
        stdout: 'said\n',
        timeoutMs: 60_000,
      })
      await expect(machine).toRun(['ntpdate', '-d', '-u', 'pool.ntp.org'], { timeoutMs: 60_000 })
    },
  )

  test(
    'toolbox',
    {
      description: 'toolbox pulls its container and installs a program in it.',
      aliases: ['cl.toolbox.dnf-install'],
      distros: ['flatcar'],
      timeoutMs: 900_000,
    },
    async ({ machine }) => {
      const install = ['toolbox', 'dnf', '--assumeyes', 'install', 'tcpdump']
      await machine.run(install, { timeoutMs: 900_000 })
      await expect(machine).toRun(['toolbox', 'tcpdump', '--version'], { timeoutMs: 60_000 })
    },
  )
})
