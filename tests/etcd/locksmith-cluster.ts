// Flatcar's reboot manager on three machines, whose lock lies in an etcd of theirs.

import { expect, test, type Machine } from '../../harness/index.ts'
import { initialCluster, LOCAL, peerUrl } from './members.ts'

const sudo = { sudo: true } as const

/** locksmithd speaks version 2 of etcd's API, which 3.5 was the last to have. */
const member = (machine: Machine, cluster: string): string => `[Service]
Environment=ETCD_IMAGE_TAG=v3.5.0
ExecStart=
ExecStart=/usr/lib/flatcar/etcd-wrapper --name=${machine.name} --enable-v2 \
--listen-client-urls=http://0.0.0.0:2379 --advertise-client-urls=http://${machine.privateAddress?.ipv4}:2379 \
--listen-peer-urls=${peerUrl(machine)} --initial-advertise-peer-urls=${peerUrl(machine)} \
--initial-cluster=${cluster}
`

async function startMember(machine: Machine, cluster: string): Promise<void> {
  await machine.run(['mkdir', '-p', '/etc/systemd/system/etcd-member.service.d'], sudo)
  await machine.writeFile(
    '/etc/systemd/system/etcd-member.service.d/10-cluster.conf',
    member(machine, cluster),
  )
  await machine.writeFile('/etc/flatcar/update.conf', 'SERVER=disabled\nREBOOT_STRATEGY=etcd-lock\n')
  await machine.run(['systemctl', 'daemon-reload'], sudo)
  await machine.run(['systemctl', 'enable', '--now', 'etcd-member.service'], {
    ...sudo,
    timeoutMs: 300_000 * machine.slowness,
  })
}

async function expectHealthy(machine: Machine): Promise<void> {
  const health = ['curl', '--silent', '--show-error', '--max-time', '10', `${LOCAL}/health`]
  await expect(machine).toRun(health, { stdout: /"health":\s*"?true/, timeoutMs: 150_000 })
}

test(
  'etcd.locksmith-cluster',
  {
    description:
      'With as many places in the lock as machines all three that need a reboot get one, come back, and give their places back.',
    aliases: ['cl.locksmith.cluster'],
    distros: ['flatcar'],
    surroundings: ['internet'],
    tags: ['internet'],
    machines: 3,
    privateNetwork: true,
    timeoutMs: 1_200_000,
  },
  async ({ cluster: { machines } }) => {
    const [first] = machines
    if (first === undefined) throw new Error('three machines were asked for')
    const cluster = initialCluster(machines)
    await Promise.all(machines.map(async (machine) => await startMember(machine, cluster)))
    await Promise.all(machines.map(expectHealthy))
    for (const machine of machines) {
      await machine.run(['systemctl', 'restart', 'locksmithd.service'], sudo)
      await expect(machine).toHaveActiveUnit('locksmithd.service')
    }
    await expect(first).toRun(['locksmithctl', 'status'], {
      stdout: /^Available: 1\nMax: 1$/m,
      timeoutMs: 60_000,
    })
    expect(await first.run(['locksmithctl', 'set-max', '3'], sudo)).toBe('Old: 1\nNew: 3')
    await Promise.all(
      machines.map(
        async (machine) =>
          await machine.reboot({
            timeoutMs: 600_000,
            by: async () => void (await machine.exec(['locksmithctl', 'send-need-reboot'], sudo)),
          }),
      ),
    )
    await Promise.all(machines.map(expectHealthy))
    await expect(first).toRun(['locksmithctl', 'status'], {
      stdout: /^Available: 3\nMax: 3$/m,
      timeoutMs: 150_000,
    })
  },
)
