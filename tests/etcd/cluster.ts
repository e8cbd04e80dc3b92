// etcd on three machines: what is written through one is read through the others, and nothing that was acknowledged is lost.

import { describe, expect, test, type Cluster, type Machine } from '../../harness/index.ts'
import { addMember, etcdctl, startEtcd } from './members.ts'
import { read, violations, write, type Operation } from './register.ts'

const sudo = { sudo: true } as const

function three({ machines }: Cluster): readonly [Machine, Machine, Machine] {
  const [a, b, c] = machines
  if (a === undefined || b === undefined || c === undefined) throw new Error('three machines were asked for')
  return [a, b, c]
}

/** The machine whose member leads, as one of them sees it. */
async function leaderOf(machines: readonly Machine[], asked: Machine): Promise<Machine> {
  const [status] = JSON.parse(await etcdctl(asked, ['endpoint', 'status', '--write-out=json'])) as readonly {
    readonly Status: { readonly leader: number }
  }[]
  const list = await etcdctl(asked, ['member', 'list', '--write-out=json'])
  const { members } = JSON.parse(list) as {
    readonly members: readonly { readonly ID: number; readonly name: string }[]
  }
  const name = members.find(({ ID: id }) => id === status?.Status.leader)?.name
  const leader = machines.find((machine) => machine.name === name)
  if (leader === undefined) throw new Error('there is no leader')
  return leader
}

describe(
  'etcd.cluster',
  { features: ['etcd'], machines: 3, privateNetwork: true, tags: ['etcd'], timeoutMs: 180_000 },
  () => {
    test(
      'static',
      {
        description:
          'Three members find each other by static configuration; each sees what the others write.',
        aliases: ['cl.etcd-member.discovery'],
      },
      async ({ cluster }) => {
        const [a, b, c] = three(cluster)
        await startEtcd(cluster)
        const members = await etcdctl(a, ['member', 'list'])
        expect(members.split('\n').map((line) => line.split(', ').slice(1, 3))).toEqual(
          expect.arrayContaining([
            ['started', 'm0'],
            ['started', 'm1'],
            ['started', 'm2'],
          ]),
        )
        await etcdctl(a, ['put', 'key', 'of a'])
        expect(await etcdctl(b, ['get', '--print-value-only', 'key'])).toBe('of a')
        const watched = etcdctl(c, [
          'watch',
          '--rev=1',
          'watched',
          '--',
          'sh',
          '-c',
          'echo $ETCD_WATCH_VALUE; kill $PPID',
        ])
        await etcdctl(b, ['put', 'watched', 'of b'])
        expect(await watched.catch((error: unknown) => String(error))).toContain('of b')
      },
    )

    test(
      'leader-lost',
      {
        description:
          'A killed leader, then a leader cut off from the others: the majority goes on, and no acknowledged write is missing.',
      },
      async ({ cluster }) => {
        const machines = three(cluster)
        await startEtcd(cluster)
        const history: Operation[] = []
        let value = 0
        const writeThrough = async (machine: Machine): Promise<boolean> => {
          const done = await write(machine, (value += 1))
          history.push(done)
          return done.acknowledged
        }
        const readAll = async (from: readonly Machine[]): Promise<void> =>
          void history.push(...(await Promise.all(from.map(read))))
        await writeThrough(machines[0])
        await readAll(machines)

        const first = await leaderOf(machines, machines[0])
        const others = machines.filter((machine) => machine !== first)
        await test.step(`kill the leader ${first.name}`, async () => {
          await first.run('systemctl mask --runtime --now etcd.service', sudo)
          const [other = first] = others
          await expect
            .poll(async () => await writeThrough(other), { timeoutMs: 60_000 * other.slowness })
            .toBe(true)
          await readAll(others)
          await first.run('systemctl unmask --runtime etcd.service && systemctl start etcd.service', sudo)
          await readAll(machines)
        })

        const second = await leaderOf(machines, others[0] ?? first)
        const majority = machines.filter((machine) => machine !== second)
        await test.step(`cut the leader ${second.name} off`, async () => {
          cluster.network.partition([[second.name], majority.map(({ name }) => name)])
          const [other = second] = majority
          await expect
            .poll(async () => await writeThrough(other), { timeoutMs: 60_000 * other.slowness })
            .toBe(true)
          expect(await writeThrough(second)).toBe(false)
          history.push(await read(second))
          await readAll(majority)
          cluster.network.heal()
        })
        await expect
          .poll(async () => (await read(second)).acknowledged, { timeoutMs: 60_000 * second.slowness })
          .toBe(true)
        await readAll(machines)
        expect(
          history.filter(({ kind, acknowledged }) => kind === 'read' && acknowledged).length,
        ).toBeGreaterThan(9)
        expect(violations(history)).toEqual([])
      },
    )

    test(
      'member-replaced',
      {
        description:
          'A member that lost its power and its disk is removed, joins again as a new one, and has what was written meanwhile.',
      },
      async ({ cluster }) => {
        const [a, , lost] = three(cluster)
        await startEtcd(cluster)
        await etcdctl(a, ['put', 'before', '1'])
        await lost.power('cut')
        await etcdctl(a, ['put', 'meanwhile', '2'])
        const id = (await etcdctl(a, ['member', 'list']))
          .split('\n')
          .find((line) => line.includes(` ${lost.name},`))
        await etcdctl(a, ['member', 'remove', id?.split(',')[0] ?? ''])
        await lost.power('on')
        await lost.run('systemctl stop etcd.service; rm -r /var/lib/etcd/default', sudo)
        await addMember(lost, cluster, a)
        const values = await etcdctl(lost, ['get', '--from-key', '', '--print-value-only'])
        expect(values.split('\n').filter((line) => line !== '')).toEqual(['1', '2'])
      },
    )
  },
)
