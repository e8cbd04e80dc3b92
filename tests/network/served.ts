// systemd-networkd on the other side: a machine that hands out addresses and routes to its neighbour. In a VLAN of the two, where
// nobody else hands out any.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { addressesOf, configure, fixed, links, network, ping, privateLink } from './private-link.ts'

const sudo = { sudo: true } as const
const VLAN = 'sbx42'

/** Puts the machine's private card into the VLAN, whose own configuration is `sections`. */
async function inVlan(machine: Machine, ...sections: readonly string[]): Promise<void> {
  await configure(machine, {
    '05-vlan.netdev': `[NetDev]\nName=${VLAN}\nKind=vlan\n\n[VLAN]\nId=42\n`,
    '05-private.network': network(await privateLink(machine), fixed([], `VLAN=${VLAN}`)),
    '05-vlan.network': network(VLAN, ...sections),
  })
}

describe(
  'network',
  { distros: ['reference', 'flatcar'], machines: 2, privateNetwork: true, tags: ['system'] },
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
        await inVlan(
          router,
          fixed(['2001:db8:42::1/64'], 'LinkLocalAddressing=ipv6', 'IPv6SendRA=yes'),
          '[IPv6SendRA]\nEmitDNS=no\n',
          '[IPv6Prefix]\nPrefix=2001:db8:42::/64\n',
        )
        await inVlan(machine, '[Network]\nDHCP=no\nLinkLocalAddressing=ipv6\nIPv6AcceptRA=yes\n')
        await expect
          .poll(async () => await addressesOf(machine, VLAN), { timeoutMs: 15_000 * machine.slowness })
          .toEqual([expect.stringMatching(/^2001:db8:42:0?:/)])
        await expect(machine).toRun(['ip', '-6', 'route', 'show', 'default', 'dev', VLAN], {
          stdout: /^default (?:nhid \d+ )?via fe80:\S+ proto ra/m,
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
        const card = await privateLink(machine)
        const { address } = (await links(machine)).find(({ ifname }) => ifname === card) ?? {}
        await inVlan(
          server,
          fixed(['192.0.2.1/24'], 'DHCPServer=yes'),
          // Without a place to keep leases, which a machine need not have, the server of systemd 256 and later does not begin.
          '[DHCPServer]\nPersistLeases=no\nPoolOffset=100\nPoolSize=10\nEmitDNS=no\nEmitNTP=no\nEmitRouter=no\n',
          `[DHCPServerStaticLease]\nMACAddress=${address}\nAddress=192.0.2.77\n`,
        )
        await inVlan(
          machine,
          '[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\n',
          '[DHCPv4]\nClientIdentifier=mac\n',
        )
        const leased = async (): Promise<readonly string[]> => await addressesOf(machine, VLAN)
        await expect.poll(leased, { timeoutMs: 15_000 * machine.slowness }).toEqual(['192.0.2.77'])
        await expect(machine).toRun(['networkctl', 'status', VLAN], {
          stdout: /192\.0\.2\.77 \(DHCPv4 via 192\.0\.2\.1\)/,
        })
        await expect(server).toRun(['networkctl', 'status', VLAN], {
          stdout: /Offered DHCP leases: 192\.0\.2\.77/,
        })
        await machine.run(['ip', 'address', 'flush', 'dev', VLAN], sudo)
        await machine.run(['networkctl', 'reconfigure', VLAN], sudo)
        await expect.poll(leased, { timeoutMs: 15_000 * machine.slowness }).toEqual(['192.0.2.77'])
        await expect(machine).toRun(ping('192.0.2.1'), { ...sudo, timeoutMs: 8000 })
      },
    )
  },
)
