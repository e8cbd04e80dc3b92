// Three members of etcd by static configuration: what they have in common, and what is left of it when one is lost.

import { describe, expect, metric, test, type Machine } from '../../harness/index.ts'
import { ask, get, keysBelow, leaderOf, put, statusOf, tryAsk, tryPut } from './gateway.ts'
import { initialCluster, peerUrl, start, startEtcd, threeRequirements } from './members.ts'
import { expectOneCluster } from './one-cluster.ts'
import { violation } from './register.ts'
import { LOG, lost, startWorkload } from './workload.ts'

const sudo = { sudo: true } as const

/** Writes, again and again until it is acknowledged: the members that are left may have no leader yet. */
async function writeOnceTaken(machine: Machine, key: string): Promise<void> {
  await expect
    .poll(async () => await tryPut(machine, key, 'x').catch(() => ({ message: 'no answer' })), {
      timeoutMs: 60_000 * machine.slowness,
    })
    .not.toHaveProperty('message')
}

describe('etcd.cluster', threeRequirements, () => {
  test(
    'static',
    {
      description:
        'Three members by static configuration: all are healthy, and each has what was written on another.',
      aliases: ['rhcos.etcd.cluster.insecure'],
    },
    async ({ cluster }) => {
      await startEtcd(cluster)
      const { machines } = cluster
      await expectOneCluster(machines)
      const statuses = await Promise.all(machines.map(statusOf))
      expect(new Set(statuses.map(({ leader }) => leader)).size).toBe(1)
      expect(new Set(statuses.map(({ member }) => member)).size).toBe(3)
    },
  )

  test(
    'leader-killed',
    {
      description:
        'The leader is killed and stays away: the others elect one of them, lose nothing and take writes.',
    },
    async ({ cluster }) => {
      await startEtcd(cluster)
      const { machines } = cluster
      const leader = await leaderOf(machines)
      const others = machines.filter((machine) => machine !== leader)
      const { raftTerm } = await statusOf(leader)
      const workload = startWorkload(machines)
      await expect
        .poll(() => workload.countOf(leader), { timeoutMs: 30_000 * leader.slowness })
        .toBeGreaterThan(1)
      await leader.run('systemctl mask --runtime --quiet etcd && systemctl kill --signal=KILL etcd', sudo)
      const since = performance.now()
      for (const machine of others)
        await expect
          .poll(() => workload.countOf(machine, since), { timeoutMs: 60_000 * machine.slowness })
          .toBeGreaterThan(1)
      metric('etcd.fail-over', performance.now() - since, 'ms')
      const history = await workload.end()
      const next = await leaderOf(others)
      expect((await statusOf(next)).raftTerm).toBeGreaterThan(raftTerm)
      // Killed on purpose: the check for failed units is about what else fails.
      await leader.run(['systemctl', 'reset-failed', 'etcd.service'], sudo)
      expect(lost(history, await keysBelow(next, LOG))).toEqual([])
      expect(violation(history)).toBeUndefined()
    },
  )

  test(
    'partition',
    {
      description:
        'A leader cut off from the other two acknowledges nothing, they go on; after it nothing acknowledged is lost.',
    },
    async ({ cluster }) => {
      await startEtcd(cluster)
      const { machines, network } = cluster
      const alone = await leaderOf(machines)
      const majority = machines.filter((machine) => machine !== alone)
      const workload = startWorkload(machines)
      const writes = async (machine: Machine, since: number): Promise<void> =>
        await expect
          .poll(() => workload.countOf(machine, since), { timeoutMs: 60_000 * machine.slowness })
          .toBeGreaterThan(2)
      for (const machine of machines) await writes(machine, 0)
      await test.step('partition', async () => {
        network.partition([[alone.name], majority.map(({ name }) => name)])
        const since = performance.now()
        for (const machine of majority) await writes(machine, since)
        // None acknowledged proves nothing before one was asked for.
        await expect
          .poll(() => workload.unacknowledgedOf(alone, since), { timeoutMs: 60_000 * alone.slowness })
          .toBeGreaterThan(0)
        expect(workload.countOf(alone, since)).toBe(0)
      })
      await test.step('heal', async () => {
        network.heal()
        const since = performance.now()
        for (const machine of machines) await writes(machine, since)
      })
      const history = await workload.end()
      for (const machine of machines) expect(lost(history, await keysBelow(machine, LOG))).toEqual([])
      expect(violation(history)).toBeUndefined()
      metric('etcd.operations', history.length, 'operations')
    },
  )

  test(
    'replaced',
    {
      description:
        'A member whose machine lost its power for good is replaced by a new machine, which gets all data.',
      timeoutMs: 180_000,
    },
    async ({ cluster }) => {
      await startEtcd(cluster)
      // The hard case: the others have to find a leader first.
      const dead = await leaderOf(cluster.machines)
      const [first, second] = cluster.machines.filter((machine) => machine !== dead)
      if (first === undefined || second === undefined) throw new Error('three machines were asked for')
      const { member } = await statusOf(dead)
      await put(first, 'before', 'x')
      await dead.power('cut')
      await writeOnceTaken(first, 'without')
      const next = await cluster.boot()
      await ask(first, 'cluster/member/remove', { ID: member })
      await expect
        .poll(async () => await tryAsk(first, 'cluster/member/add', { peerURLs: [peerUrl(next)] }), {
          timeoutMs: 30_000 * first.slowness,
        })
        .toHaveProperty('member')
      await start(next, {
        INITIAL_CLUSTER: initialCluster([first, second, next]),
        INITIAL_CLUSTER_STATE: 'existing',
      })
      const local = async (key: string): Promise<string | undefined> =>
        await get(next, key, { serializable: true })
      await expect.poll(async () => await local('without'), { timeoutMs: 30_000 * next.slowness }).toBe('x')
      expect(await local('before')).toBe('x')
      // It counts: with another one away the two that are left are a majority.
      await second.power('cut')
      await writeOnceTaken(first, 'after')
      expect(await get(next, 'after')).toBe('x')
    },
  )
})
