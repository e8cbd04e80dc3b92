// Machines on a second network that has a resolver and a time server of its own: each question goes to the right one.

import { describe, expect, test } from '../../harness/index.ts'

describe(
  'network.cluster',
  {
    // Both networkd's and resolved's doing; Fedora CoreOS has NetworkManager.
    distros: ['reference', 'flatcar'],
    machines: 2,
    privateNetwork: true,
  },
  () => {
    test(
      'names',
      {
        description:
          'Names of the cluster go to the resolver of its own link, with its search domain; other names do not.',
      },
      async ({ cluster }) => {
        const { domain, services } = cluster.network
        for (const machine of cluster.machines) {
          const peer = cluster.machines.find((other) => other !== machine)
          const { ipv4 = '', ipv6 = '' } = peer?.privateAddress ?? {}
          const name = peer?.name ?? ''
          const lookUp = async (database: string, what: string): Promise<readonly string[]> =>
            (await machine.run(['getent', database, what])).split(/\s+/)
          expect((await lookUp('ahostsv4', name))[0]).toBe(ipv4)
          expect((await lookUp('ahostsv6', `${name}.${domain}`))[0]).toBe(ipv6)
          expect(await lookUp('hosts', ipv4)).toContain(`${name}.${domain}`)
          expect(await lookUp('hosts', ipv6)).toContain(`${name}.${domain}`)
          await expect(machine).toRun(['ping', '-6', '-c1', '-W20', name], { sudo: true })
          await expect(machine).toRun(['resolvectl', 'dns'], {
            stdout: new RegExp(`: ${services.ipv4}$`, 'm'),
          })
          // The link with the default route answers for the rest of the world.
          await expect(machine).toRun(['resolvectl', 'default-route'], {
            stdout: /^Link \d+ \(\S+\): yes\nLink \d+ \(\S+\): no$/m,
          })
        }
      },
    )

    test(
      'time',
      {
        description:
          'systemd-timesyncd asks the time server that networkd was told of, and sets the clock by it.',
        aliases: ['linux.ntp'],
      },
      async ({ cluster }) => {
        const [machine] = cluster.machines
        if (machine === undefined) throw new Error('two machines were asked for')
        const { ntp, services } = cluster.network
        await expect(machine).toRun(['networkctl', 'status', '--all', '--lines=0'], {
          stdout: new RegExp(`NTP: ${services.ipv4}`),
        })
        ntp.set({ offsetMs: -3_600_000 })
        await machine.run(['systemctl', 'restart', 'systemd-timesyncd'], { sudo: true })
        const behind = async (): Promise<number> =>
          Date.now() / 1000 - Number(await machine.run(['date', '+%s']))
        await expect.poll(behind, { timeoutMs: 60_000 }).toBeGreaterThan(3590)
        expect(await behind()).toBeLessThan(3610)
        await expect(machine).toRun(['timedatectl', 'show', '--property=NTPSynchronized'], {
          stdout: /NTPSynchronized=yes/,
        })
        expect(ntp.requests.map(({ from }) => from)).toContain(machine.name)
      },
    )
  },
)
