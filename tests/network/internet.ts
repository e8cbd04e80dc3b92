// What only a machine with a way to the Internet can show.

import { describe, expect, test } from '../../harness/index.ts'

describe('network.internet', { surroundings: ['internet'], tags: ['internet'] }, () => {
  test(
    'fetch-urls',
    {
      description: 'Public web pages are fetched over TLS with the authorities that the image trusts.',
      aliases: ['coreos.tls.fetch-urls'],
      excludeDistros: ['fcos'],
    },
    async ({ machine }) => {
      for (const url of [
        'https://www.example.com/',
        'https://www.wikipedia.org/',
        'https://start.fedoraproject.org/',
      ]) {
        const fetch = [
          'curl',
          '--silent',
          '--show-error',
          '--fail',
          '--output',
          '/dev/null',
          '--max-time',
          '30',
          url,
        ]
        await expect.soft(machine).toRun(fetch, { timeoutMs: 90_000 })
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
