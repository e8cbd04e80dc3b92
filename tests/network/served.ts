// systemd-networkd on the other side: a machine that hands out addresses and routes to its neighbour.

import { describe, expect, test } from '../../harness/index.ts'
import { addressesOf, configure, fixed, links, network, ping, privateLink } from './private-link.ts'

const sudo = { sudo: true } as const

describe(
  'network',
  { distros: ['reference', 'flatcar'], machines: 2, privateNetwork: true, tags: ['network'] },
  () => {
    test(
      'router-advertisement',
      {
        description:
          'A machine makes itself an IPv6 address out of an advertised prefix, and takes the route.',
      },
      async ({ cluster }) => {
        const [router, machine] = cluster.machines
        if (router === undefined || machine === undefined) throw new Error('two machines were asked for')
        const link = await privateLink(machine)
        await configure(router, {
          '05-private.network': network(
            await privateLink(router),
            fixed(['2001:db8:42::1/64'], 'LinkLocalAddressing=ipv6', 'IPv6SendRA=yes'),
            '[IPv6SendRA]\nEmitDNS=no\n',
            '[IPv6Prefix]\nPrefix=2001:db8:42::/64\n',
          ),
        })
        await configure(machine, {
          '05-private.network': network(
            link,
            '[Network]\nDHCP=no\nLinkLocalAddressing=ipv6\nIPv6AcceptRA=yes\n',
          ),
        })
        await expect
          .poll(async () => await addressesOf(machine, link), { timeoutMs: 12_000 * machine.slowness })
          .toEqual([expect.stringMatching(/^2001:db8:42:0?:/)])
        await expect(machine).toRun(['ip', '-6', 'route', 'show', 'default', 'dev', link], {
          stdout: /^default via fe80:\S+ proto ra/m,
        })
        await expect(machine).toRun(ping('2001:db8:42::1'), { ...sudo, timeoutMs: 8000 })
      },
    )

    test(
      'dhcp-server',
      {
        description:
          'A machine leases its neighbour the address that is kept for its hardware address, again and again.',
      },
      async ({ cluster }) => {
        const [server, machine] = cluster.machines
        if (server === undefined || machine === undefined) throw new Error('two machines were asked for')
        const link = await privateLink(machine)
        const { address } = (await links(machine)).find(({ ifname }) => ifname === link) ?? {}
        await configure(server, {
          '05-private.network': network(
            await privateLink(server),
            fixed(['192.0.2.1/24'], 'DHCPServer=yes'),
            '[DHCPServer]\nPoolOffset=100\nPoolSize=10\nEmitDNS=no\nEmitNTP=no\nEmitRouter=no\n',
            `[DHCPServerStaticLease]\nMACAddress=${address}\nAddress=192.0.2.77\n`,
          ),
        })
        await configure(machine, {
          '05-private.network': network(link, '[Network]\nDHCP=ipv4\n', '[DHCPv4]\nClientIdentifier=mac\n'),
        })
        const leased = async (): Promise<readonly string[]> => await addressesOf(machine, link)
        await expect.poll(leased, { timeoutMs: 12_000 * machine.slowness }).toEqual(['192.0.2.77'])
        await expect(machine).toRun(['networkctl', 'status', link], {
          stdout: /192\.0\.2\.77 \(DHCPv4 via 192\.0\.2\.1\)/,
        })
        await expect(server).toRun(['networkctl', 'status', await privateLink(server)], {
          stdout: /Offered DHCP leases: 192\.0\.2\.77/,
        })
        await machine.run(['ip', 'address', 'flush', 'dev', link], sudo)
        await machine.run(['networkctl', 'reconfigure', link], sudo)
        await expect.poll(leased, { timeoutMs: 12_000 * machine.slowness }).toEqual(['192.0.2.77'])
        await expect(machine).toRun(ping('192.0.2.1'), { ...sudo, timeoutMs: 8000 })
      },
    )
  },
)
