// Links as systemd-networkd sets them up from files, between two machines: fixed addresses, routes, VLANs, frame sizes, IPv6 alone.

import { describe, expect, test, type Cluster, type Machine } from '../../harness/index.ts'
import { addressesOf, configure, fixed, links, network, ping, pingBy, privateLink } from './private-link.ts'

const sudo = { sudo: true } as const

function two({ machines }: Cluster): readonly [Machine, Machine] {
  const [a, b] = machines
  if (a === undefined || b === undefined) throw new Error('two machines were asked for')
  return [a, b]
}

describe(
  'network',
  { distros: ['reference', 'flatcar'], machines: 2, privateNetwork: true, tags: ['system'] },
  () => {
    test(
      'static',
      {
        description:
          'A fixed address and a fixed route take the place of the old ones, and are there after networkd is restarted.',
      },
      async ({ cluster }) => {
        const [a, b] = two(cluster)
        const [linkA, linkB] = [await privateLink(a), await privateLink(b)]
        await configure(a, {
          '05-sbx.netdev': '[NetDev]\nName=sbx0\nKind=dummy\n',
          '05-sbx0.network': network('sbx0', fixed(['198.51.100.1/24'])),
          '05-private.network': network(linkA, fixed(['192.0.2.10/24'])),
        })
        await configure(b, {
          '05-private.network': network(
            linkB,
            fixed(['192.0.2.11/24']),
            '[Route]\nDestination=198.51.100.0/24\nGateway=192.0.2.10\n',
          ),
        })
        await expect(b).toRun(pingBy(linkB, '198.51.100.1'), { ...sudo, timeoutMs: 8000 })
        expect((await addressesOf(b, linkB)).filter((address) => !address.includes(':'))).toEqual([
          '192.0.2.11',
        ])
        await b.run(['systemctl', 'restart', 'systemd-networkd.service'], sudo)
        await expect(b).toRun(pingBy(linkB, '198.51.100.1'), { ...sudo, timeoutMs: 8000 })
        await expect(b).toRun(['ip', 'route', 'show', '198.51.100.0/24'], {
          stdout: `via 192.0.2.10 dev ${linkB} proto static`,
        })
      },
    )

    test(
      'vlan',
      { description: 'Machines in one VLAN reach each other; frames of another VLAN do not get across.' },
      async ({ cluster }) => {
        const [a, b] = two(cluster)
        const vlan = (id: number): string => `[NetDev]\nName=sbx${id}\nKind=vlan\n\n[VLAN]\nId=${id}\n`
        await configure(a, {
          '05-vlan.netdev': vlan(42),
          '05-private.network': network(await privateLink(a), fixed([], 'VLAN=sbx42')),
          '05-vlan.network': network('sbx42', fixed(['192.0.2.10/24', '203.0.113.10/24'])),
        })
        await configure(b, {
          '05-vlan.netdev': vlan(42),
          '06-vlan.netdev': vlan(43),
          '05-private.network': network(await privateLink(b), fixed([], 'VLAN=sbx42', 'VLAN=sbx43')),
          '05-vlan.network': network('sbx42', fixed(['192.0.2.11/24'])),
          '06-vlan.network': network('sbx43', fixed(['203.0.113.11/24'])),
        })
        await expect(b).toRun(['ip', '-details', 'link', 'show', 'sbx42'], {
          stdout: 'vlan protocol 802.1Q id 42',
        })
        // Not by the default route: the network of the host may answer for any address.
        await expect(b).toRun(ping('192.0.2.10', '-I', 'sbx42'), { ...sudo, timeoutMs: 8000 })
        const other = await b.exec(ping('203.0.113.10'), sudo)
        expect(other.exitCode).toBe(1)
        expect(other.stdout).toContain('100% packet loss')
      },
    )

    test(
      'mtu',
      {
        description:
          'Large frames pass where both links take them; one too large for its link is refused at once.',
      },
      async ({ cluster }) => {
        const [a, b] = two(cluster)
        const [linkA, linkB] = [await privateLink(a), await privateLink(b)]
        const sized = (link: string, address: string, mtu: number): string =>
          network(link, fixed([address])).replace('[Link]\n', `[Link]\nMTUBytes=${mtu}\n`)
        await configure(a, { '05-private.network': sized(linkA, '192.0.2.10/24', 9000) })
        await configure(b, { '05-private.network': sized(linkB, '192.0.2.11/24', 9000) })
        // 28 bytes are headers.
        const whole = (bytes: number): readonly string[] =>
          ping('192.0.2.10', '-M', 'do', '-s', String(bytes - 28))
        await expect(b).toRun(whole(9000), { ...sudo, timeoutMs: 8000 })
        await configure(b, { '05-private.network': sized(linkB, '192.0.2.11/24', 1400) })
        await expect(b).toRun(whole(1400), { ...sudo, timeoutMs: 8000 })
        expect((await links(b)).find(({ ifname }) => ifname === linkB)?.mtu).toBe(1400)
        const tooLarge = await b.exec(whole(1401), sudo)
        expect(tooLarge.exitCode).toBe(1)
        expect(tooLarge.stdout + tooLarge.stderr).toMatch(/message too long/i)
        // In parts it arrives.
        await expect(b).toRun(ping('192.0.2.10', '-M', 'dont', '-s', '4000'), { ...sudo, timeoutMs: 8000 })
      },
    )

    test(
      'ipv6-only',
      { description: 'On a link without IPv4 names are found and a page is fetched over IPv6.' },
      async ({ cluster }) => {
        const [a, b] = two(cluster)
        const { domain, services } = cluster.network
        for (const machine of [a, b]) {
          const link = await privateLink(machine)
          const { ipv6 = '' } = machine.privateAddress ?? {}
          const resolver = [`DNS=${services.ipv6}`, `Domains=${domain}`, 'DNSDefaultRoute=no', 'DNSSEC=no']
          await configure(machine, {
            '05-private.network': network(
              link,
              fixed([`${ipv6}/64`], 'LinkLocalAddressing=ipv6', ...resolver),
            ),
          })
          await expect
            .poll(async () => await addressesOf(machine, link), { timeoutMs: 8000 * machine.slowness })
            .toEqual([ipv6])
        }
        await a.run('mkdir /run/sbx-www && echo "over IPv6" >/run/sbx-www/page', sudo)
        const server = ['busybox', 'httpd', '-f', '-p', '[::]:8080', '-h', '/run/sbx-www']
        await a.run(['systemd-run', '--unit=sbx-www', ...server], sudo)
        await expect(a).toListenOn(8080)
        const [address] = (await b.run(['getent', 'ahostsv6', a.name])).split(/\s+/)
        expect(address).toBe(a.privateAddress?.ipv6)
        await expect(b).toRun(['curl', '--silent', '--show-error', `http://${a.name}.${domain}:8080/page`], {
          stdout: /^over IPv6$/m,
          timeoutMs: 8000,
        })
      },
    )
  },
)
