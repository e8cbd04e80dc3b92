// What the network cannot do for a while: the machine notices, goes another way, and comes back by itself.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { addressesOf, configure, fixed, network, ping, privateLink } from './private-link.ts'

const sudo = { sudo: true } as const

/** systemd-resolved asks servers that do not answer for up to 120 s (SD_RESOLVED_QUERY_TIMEOUT_USEC), on a fast host, too; and some more. */
const GIVES_UP_MS = 150_000

/** Whether a name is found now, and not remembered. */
async function finds(
  machine: Machine,
  name: string,
  timeoutMs = 15_000 * machine.slowness,
): Promise<boolean> {
  await machine.run(['resolvectl', 'flush-caches'], sudo)
  const { exitCode } = await machine.exec(['getent', 'ahostsv4', name], { timeoutMs })
  return exitCode === 0
}

describe(
  'network',
  { distros: ['reference', 'flatcar'], machines: 2, privateNetwork: true, tags: ['system'] },
  () => {
    test(
      'dns-failover',
      {
        description:
          'When the first resolver does not answer, the second one is asked, and is the one asked from then on.',
      },
      async ({ cluster }) => {
        const [machine] = cluster.machines
        if (machine === undefined) throw new Error('two machines were asked for')
        const { domain, services } = cluster.network
        const link = await privateLink(machine)
        const { ipv4 = '' } = machine.privateAddress ?? {}
        // Nobody has this address.
        const dead = ipv4.replace(/\d+$/, '250')
        await configure(machine, {
          '05-private.network': network(
            link,
            fixed(
              [`${ipv4}/24`],
              `DNS=${dead} ${services.ipv4}`,
              `Domains=${domain}`,
              'DNSDefaultRoute=no',
              'DNSSEC=no',
            ),
          ),
        })
        await expect(machine).toRun(['resolvectl', 'dns', link], {
          stdout: `${dead} ${services.ipv4}`,
          timeoutMs: 8000,
        })
        const counter = `table inet sbx {\n  chain out {\n    type filter hook output priority 0;\n    ip daddr ${dead} udp dport 53 counter\n  }\n}\n`
        await machine.run(['nft', '-f', '-'], { ...sudo, stdin: counter })
        await machine.run(['systemctl', 'restart', 'systemd-resolved.service'], sudo)
        await expect(machine).toRun(['resolvectl', 'dns', link], {
          stdout: `${dead} ${services.ipv4}`,
          timeoutMs: 8000,
        })
        await expect
          .poll(async () => await finds(machine, `m1.${domain}`), { timeoutMs: 15_000 * machine.slowness })
          .toBe(true)
        // One that answers is left for no other: had it been asked first, nobody would have asked the dead one.
        await expect(machine).toRun(['nft', 'list', 'chain', 'inet', 'sbx', 'out'], {
          ...sudo,
          stdout: /counter packets [1-9]/,
        })
        await expect(machine).toRun(['resolvectl', 'status', link], {
          stdout: new RegExp(`Current DNS Server: ${services.ipv4.replaceAll('.', '\\.')}$`, 'm'),
        })
      },
    )

    test(
      'dns-outage',
      {
        description:
          'While the resolver of the cluster is away its names are not found, all else is; later they are again.',
        timeoutMs: 240_000,
      },
      async ({ cluster }) => {
        const [machine] = cluster.machines
        if (machine === undefined) throw new Error('two machines were asked for')
        const name = `m1.${cluster.network.domain}`
        expect(await finds(machine, name)).toBe(true)
        cluster.network.cut('services')
        expect(await finds(machine, name, GIVES_UP_MS)).toBe(false)
        expect(await finds(machine, '_gateway')).toBe(true)
        await expect(machine).toRun(ping(cluster.machines[1]?.privateAddress?.ipv4 ?? ''), sudo)
        cluster.network.heal()
        await expect
          .poll(async () => await finds(machine, name), { timeoutMs: 15_000 * machine.slowness })
          .toBe(true)
      },
    )

    test(
      'cable',
      {
        description:
          'Without its cable a link has no carrier and no IPv4 address; with it both are back, and so is the neighbour.',
        platforms: ['qemu'],
      },
      async ({ cluster }) => {
        const [machine, neighbour] = cluster.machines
        if (machine === undefined || neighbour === undefined) throw new Error('two machines were asked for')
        const link = await privateLink(machine)
        const { ipv4 = '' } = neighbour.privateAddress ?? {}
        await expect(machine).toRun(ping(ipv4), { ...sudo, timeoutMs: 8000 })
        await machine.setLink('private', 'down')
        await expect(machine).toRun(['networkctl', 'status', link], {
          stdout: /State: no-carrier/,
          timeoutMs: 8000,
        })
        // systemd-networkd 257 leaves static IPv6 addresses where they are.
        await expect
          .poll(async () => await addressesOf(machine, link), { timeoutMs: 8000 * machine.slowness })
          .not.toContain(machine.privateAddress?.ipv4)
        // By that link: the way out of the machine's other card answers for anybody.
        expect((await machine.exec(ping(ipv4, '-I', link), sudo)).exitCode).not.toBe(0)
        await machine.setLink('private', 'up')
        await expect(machine).toRun(['networkctl', 'status', link], {
          stdout: /State: routable/,
          timeoutMs: 8000,
        })
        await expect(machine).toRun(ping(ipv4, '-I', link), { ...sudo, timeoutMs: 8000 })
      },
    )
  },
)
