// Machines that reboot for an update take turns: who reboots holds a lock in etcd, which has one place or more. Flatcar's own
// program for it is in the last test.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { leaderOf } from '../etcd/gateway.ts'
import { commandTimeout, initialCluster, start, startEtcd } from '../etcd/members.ts'
import { askForReboot, installLock, LOCK, lockStatus } from './lock.ts'

const sudo = { sudo: true } as const

interface Away {
  readonly name: string
  readonly fromUs: number
  readonly untilUs: number
}

/**
 * From the beginning of the last shutdown to the first line of this boot, by the machine's own journal. Not from the last line of
 * the boot before: a shutdown that waits for its services says that much later.
 */
async function away(machine: Machine): Promise<Away> {
  const ofSystemd = ['_PID=1', '--grep=^Stopped target .*Multi-User', '--lines=1']
  const left = JSON.parse(
    await machine.run(['journalctl', '--boot=-1', ...ofSystemd, '--output=json'], sudo),
  ) as { readonly __REALTIME_TIMESTAMP: string }
  const boots = JSON.parse(
    await machine.run(['journalctl', '--list-boots', '--output=json'], sudo),
  ) as readonly { readonly first_entry: number }[]
  const now = boots.at(-1)
  if (now === undefined) throw new Error(`${machine.name} has no boot in its journal`)
  return { name: machine.name, fromUs: Number(left.__REALTIME_TIMESTAMP), untilUs: now.first_entry }
}

describe(
  'update.lock',
  {
    distros: ['reference'],
    features: ['etcd'],
    machines: 3,
    privateNetwork: true,
    timeoutMs: 300_000,
  },
  () => {
    test(
      'one-at-a-time',
      {
        description: 'Three machines that want to reboot at once do it one after another, by a lock in etcd.',
      },
      async ({ cluster }) => {
        const { machines } = cluster
        await startEtcd(cluster)
        await Promise.all(machines.map(async (machine) => await installLock(machine, { ttlSeconds: 3600 })))
        await Promise.all(
          machines.map(
            async (machine) =>
              await machine.reboot({
                // The second waits for a whole reboot, the third for two.
                timeoutMs: 3 * 90_000,
                by: async () => await askForReboot(machine),
              }),
          ),
        )
        const turns = (await Promise.all(machines.map(away))).toSorted((a, b) => a.fromUs - b.fromUs)
        expect(turns).toHaveLength(3)
        const overlaps = turns
          .slice(1)
          .filter(({ fromUs }, index) => fromUs <= (turns[index]?.untilUs ?? Infinity))
          .map(({ name }) => `${name} left before the one before it was back`)
        expect(overlaps).toEqual([])
        // Every one had the lock once, and gave it back.
        const [machine] = machines
        if (machine === undefined) throw new Error('three machines were asked for')
        await expect
          .poll(async () => await lockStatus(machine), { timeoutMs: 30_000 * machine.slowness })
          .toEqual(['Available: 1'])
      },
    )

    test(
      'three-at-once',
      {
        description:
          'With three places in the lock three machines reboot at the same time, and etcd is healthy on all of them again.',
        aliases: ['cl.locksmith.cluster'],
      },
      async ({ cluster }) => {
        const { machines, sync } = cluster
        const [first] = machines
        if (first === undefined) throw new Error('three machines were asked for')
        // Every member is asked from one machine in the end.
        const settings = {
          INITIAL_CLUSTER: initialCluster(machines),
          LISTEN_CLIENT_URLS: 'http://0.0.0.0:2379',
        }
        await Promise.all(
          machines.map(async (machine) => {
            const ADVERTISE_CLIENT_URLS = `http://${machine.privateAddress?.ipv4}:2379`
            await start(machine, { ...settings, ADVERTISE_CLIENT_URLS })
            // The first that goes takes the majority from those that still ask.
            const beforeReboot = '/opt/bin/signalbox-sync barrier all-hold-it 4 --timeout 1000'
            await installLock(machine, { ttlSeconds: 3600, beforeReboot })
          }),
        )
        await first.run([LOCK, 'max', '3'], sudo)
        const ids = await Promise.all(
          machines.map(async (machine) => await machine.run(['cat', '/etc/machine-id'])),
        )
        await Promise.all(machines.map(askForReboot))
        await expect
          .poll(async () => await lockStatus(first), { timeoutMs: 60_000 * first.slowness })
          .toEqual(['Available: 0', ...ids.toSorted()])
        await Promise.all(
          machines.map(
            async (machine) =>
              await machine.reboot({
                timeoutMs: 2 * 90_000,
                by: async () => {
                  if (machine === first) await sync.barrier('all-hold-it', 4)
                },
              }),
          ),
        )
        const turns = await Promise.all(machines.map(away))
        const lastLeft = Math.max(...turns.map(({ fromUs }) => fromUs))
        expect(lastLeft).toBeLessThan(Math.min(...turns.map(({ untilUs }) => untilUs)))
        const healthy = async (): Promise<number> => {
          const args = ['endpoint', 'health', '--cluster', commandTimeout(first)]
          const { stdout, stderr } = await first.exec(['etcdctl', ...args])
          return `${stdout}${stderr}`.match(/^http:\/\/\S+ is healthy/gm)?.length ?? 0
        }
        await expect.poll(healthy, { timeoutMs: 60_000 * first.slowness }).toBe(3)
        await expect
          .poll(async () => await lockStatus(first), { timeoutMs: 60_000 * first.slowness })
          .toEqual(['Available: 3'])
      },
    )

    test(
      'dead-holder',
      {
        description:
          'A machine that dies with the lock does not keep it: the next one reboots when its lease is over.',
      },
      async ({ cluster }) => {
        await startEtcd(cluster)
        // The hard case: etcd has no leader for a while, either.
        const dead = await leaderOf(cluster.machines)
        const next = cluster.machines.find((machine) => machine !== dead)
        if (next === undefined) throw new Error('three machines were asked for')
        await Promise.all([dead, next].map(async (machine) => await installLock(machine, { ttlSeconds: 20 })))
        await dead.run([LOCK, 'take', String(Math.ceil(10 * dead.slowness))], sudo)
        const holder = await dead.run(['cat', '/etc/machine-id'])
        expect(await lockStatus(next)).toEqual(['Available: 0', holder])
        await dead.power('cut')
        await next.reboot({ by: async () => await askForReboot(next) })
        await expect(next).toHaveFile('/var/lib/locked-reboot')
      },
    )
  },
)

test(
  'update.lock.locksmithd',
  {
    description: "Flatcar's own reboot manager reboots a machine that says it needs to, without a lock.",
    // Debian has no locksmithd: https://github.com/flatcar/locksmith
    distros: ['flatcar'],
    aliases: ['coreos.locksmith.reboot'],
    timeoutMs: 300_000,
  },
  async ({ machine }) => {
    await machine.run(['systemctl', 'is-active', 'locksmithd.service'])
    await machine.reboot({
      by: async () => void (await machine.exec(['locksmithctl', 'send-need-reboot'], sudo)),
    })
  },
)
