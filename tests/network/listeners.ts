// What the machine offers to the network: SSH, and to itself a resolver.

import { describe, expect, test, type Machine } from '../../harness/index.ts'

/** `protocol port program`; more than these are a hole, less may be. */
const allowed = [
  'tcp 22 sshd',
  'tcp 53 systemd-resolve',
  'udp 53 systemd-resolve',
  // DHCP clients, IPv4 and IPv6.
  'udp 68 systemd-network',
  'udp 546 systemd-network',
]

interface Listener {
  readonly address: string
  readonly what: string
}

async function listeners(machine: Machine): Promise<readonly Listener[]> {
  const sockets = (await machine.run(['ss', '-Hlntup'], { sudo: true })).split('\n')
  return sockets.map((line) => {
    const [protocol = '', , , , local = ''] = line.trim().split(/\s+/)
    const [, program = '?'] = /users:\(\("([^"]+)"/.exec(line) ?? []
    const [, address = '', port = ''] = /^(.*):(\d+)$/.exec(local) ?? []
    return { address, what: `${protocol} ${port} ${program}` }
  })
}

const loopback = /^(?:127\.|\[::1\])/

describe('network', { distros: ['reference'] }, () => {
  test(
    'listeners',
    {
      description:
        'Nothing listens but sshd, the local resolver and the DHCP client; the resolver only locally.',
      exclusive: false,
      tags: ['smoke'],
      aliases: ['cl.network.listeners', 'cl.network.listeners.legacy'],
    },
    async ({ machine }) => {
      await expect(machine).toListenOn(22)
      await expect(machine).toListenOn(53, { protocol: 'udp' })
      // Tests that share this machine may serve on its loopback.
      const open = (await listeners(machine))
        .filter(({ address }) => !loopback.test(address))
        .map(({ what }) => what)
      expect([...new Set(open)].filter((what) => !allowed.includes(what))).toEqual([])
      expect(open).toContain('tcp 22 sshd')
      expect(open.filter((what) => what.includes(' 53 '))).toEqual([])
    },
  )

  test(
    'listeners-docker',
    {
      description:
        'With docker enabled and running nothing more listens, on the loopback neither, but containerd there.',
      features: ['docker'],
      tags: ['system'],
      timeoutMs: 120_000,
    },
    async ({ machine }) => {
      const services = ['docker.service', 'containerd.service']
      await machine.run(['systemctl', 'enable', '--now', ...services], {
        sudo: true,
        timeoutMs: 120_000 * machine.slowness,
      })
      for (const service of services) await expect(machine).toHaveActiveUnit(service)
      await machine.run(['docker', 'info'], { sudo: true })
      const found = await listeners(machine)
      const strange = found.filter(
        ({ address, what }) =>
          !allowed.includes(what) && !(/^tcp \d+ containerd$/.test(what) && loopback.test(address)),
      )
      expect(strange).toEqual([])
      expect(found.map(({ what }) => what)).toContain('tcp 22 sshd')
      expect(found.filter(({ address, what }) => / 53 /.test(what) && !loopback.test(address))).toEqual([])
    },
  )
})
