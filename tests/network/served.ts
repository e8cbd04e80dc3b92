// systemd-networkd on the other side: a machine that hands out addresses and routes to its neighbour.

import { describe, expect, test } from '../../harness/index.ts'
import { addressesOf, configure, fixed, network, ping, privateLink } from './private-link.ts'

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
  },
)
