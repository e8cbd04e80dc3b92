// What the machine offers to the network: SSH, and to itself a resolver.

import { describe, expect, test } from '../../harness/index.ts'

/** `protocol port program`; more than these are a hole, less may be. */
const allowed = [
  'tcp 22 sshd',
  'tcp 53 systemd-resolve',
  'udp 53 systemd-resolve',
  // DHCP clients, IPv4 and IPv6.
  'udp 68 systemd-network',
  'udp 546 systemd-network',
]

describe('network', { exclusive: false, distros: ['reference'] }, () => {
  test(
    'listeners',
    {
      description:
        'Nothing listens but sshd, the local resolver and the DHCP client; the resolver only locally.',
      tags: ['smoke'],
      aliases: ['cl.network.listeners', 'cl.network.listeners.legacy'],
    },
    async ({ machine }) => {
      await expect(machine).toListenOn(22)
      await expect(machine).toListenOn(53, { protocol: 'udp' })
      const sockets = (await machine.run(['ss', '-Hlntup'], { sudo: true })).split('\n')
      const listeners = sockets.map((line) => {
        const [protocol = '', , , , local = ''] = line.trim().split(/\s+/)
        const [, program = '?'] = /users:\(\("([^"]+)"/.exec(line) ?? []
        const [, address = '', port = ''] = /^(.*):(\d+)$/.exec(local) ?? []
        return { address, what: `${protocol} ${port} ${program}` }
      })
      // Tests that share this machine may serve on its loopback.
      const loopback = /^(?:127\.|\[::1\])/
      const open = listeners.filter(({ address }) => !loopback.test(address)).map(({ what }) => what)
      expect([...new Set(open)].filter((what) => !allowed.includes(what))).toEqual([])
      expect(open).toContain('tcp 22 sshd')
      expect(open.filter((what) => what.includes(' 53 '))).toEqual([])
    },
  )
})
