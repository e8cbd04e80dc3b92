// Members that are not told of each other: they find each other by SRV records, or by an etcd that a cluster knew before.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { configure, threeRequirements, type Settings } from './members.ts'
import { privateLink } from '../network/private-link.ts'
import { expectOneCluster } from './one-cluster.ts'

const sudo = { sudo: true } as const
const ZONE = 'etcd.test'

/** Starts all members at once, told only how to find each other; resolves when each has found a cluster. */
async function startAll(machines: readonly Machine[], settings: Settings): Promise<void> {
  await Promise.all(
    machines.map(async (machine) => {
      await configure(machine, settings)
      await machine.run(['systemctl', 'start', 'etcd.service'], {
        ...sudo,
        timeoutMs: 120_000 * machine.slowness,
      })
    }),
  )
}

describe('etcd.discovery', threeRequirements, () => {
  test(
    'srv',
    {
      description:
        'Three members find each other by the SRV records of a name server, and clients find them too.',
      features: ['etcd', 'dnsmasq'],
    },
    async ({ cluster }) => {
      const { machines } = cluster
      const [first] = machines
      const address = first?.privateAddress?.ipv4
      if (first === undefined || address === undefined) throw new Error('three machines were asked for')
      await test.step('name server', async () => {
        const records = machines.flatMap((machine) => [
          `host-record=${machine.name}.${ZONE},${machine.privateAddress?.ipv4}`,
          `srv-host=_etcd-server._tcp.${ZONE},${machine.name}.${ZONE},2380`,
          `srv-host=_etcd-client._tcp.${ZONE},${machine.name}.${ZONE},2379`,
        ])
        const lines = ['no-resolv', 'no-hosts', 'bind-interfaces', `listen-address=${address}`, ...records]
        await first.writeFile('/etc/dnsmasq.conf', `${lines.join('\n')}\n`)
        await first.run('systemd-run --unit=dnsmasq dnsmasq --keep-in-foreground --user=root', sudo)
        for (const machine of machines) {
          const link = await privateLink(machine)
          await machine.run(['resolvectl', 'dns', link, address], sudo)
          await machine.run(['resolvectl', 'domain', link, `~${ZONE}`], sudo)
          await expect(machine).toRun(['resolvectl', 'service', `_etcd-server._tcp.${ZONE}`], {
            stdout: new RegExp(`m2\\.${ZONE}:2380`),
          })
        }
      })
      await startAll(machines, {
        DISCOVERY_SRV: ZONE,
        LISTEN_CLIENT_URLS: 'http://0.0.0.0:2379',
      })
      await expectOneCluster(machines, ({ name }) => `http://${name}.${ZONE}:2380`)
      const [, , last] = machines
      const get = ['etcdctl', `--discovery-srv=${ZONE}`, '--insecure-discovery', 'get', '--print-value-only']
      expect(await last?.run([...get, 'from/m0'])).toBe('x')
    },
  )

  test(
    'protocol',
    {
      description:
        'Three members find each other through a token in an etcd on a fourth machine; who comes late is told that it is full.',
      aliases: ['cl.etcd-member.discovery'],
      machines: 4,
    },
    async ({ cluster }) => {
      const machines = cluster.machines.slice(0, 3)
      const [, second] = machines
      const service = cluster.machines[3]
      const address = service?.privateAddress?.ipv4
      if (second === undefined || service === undefined || address === undefined)
        throw new Error('four machines were asked for')
      const registry = `http://${address}:4001/v2/keys/_etcd/registry/token`
      await test.step('discovery service', async () => {
        const flags = [
          '--enable-v2',
          '--data-dir=/var/lib/registry',
          `--listen-client-urls=http://${address}:4001`,
          `--advertise-client-urls=http://${address}:4001`,
          '--listen-peer-urls=http://127.0.0.1:4002',
          '--initial-advertise-peer-urls=http://127.0.0.1:4002',
          '--initial-cluster=default=http://127.0.0.1:4002',
        ]
        await service.run(['systemd-run', '--unit=registry', '--service-type=notify', 'etcd', ...flags], {
          ...sudo,
          timeoutMs: 60_000 * service.slowness,
        })
        await service.run([
          'curl',
          '--silent',
          '--fail',
          '-X',
          'PUT',
          '-d',
          'value=3',
          `${registry}/_config/size`,
        ])
      })
      await startAll(machines, { DISCOVERY: registry })
      await expectOneCluster(machines)
      // Told to, or it would go on as a proxy.
      const fallback = '--discovery-fallback=exit'
      const late = ['etcd', '--name=late', '--data-dir=/var/lib/late', `--discovery=${registry}`, fallback]
      const urls = [
        '--listen-client-urls=http://127.0.0.1:5001',
        '--advertise-client-urls=http://127.0.0.1:5001',
      ]
      const peer = `http://${second.privateAddress?.ipv4}:5002`
      const refused = await second.exec(
        [...late, ...urls, `--listen-peer-urls=${peer}`, `--initial-advertise-peer-urls=${peer}`],
        { ...sudo, timeoutMs: 60_000 * second.slowness },
      )
      expect(refused.exitCode).not.toBe(0)
      expect(refused.stderr).toContain('full')
    },
  )
})
