// One member of etcd: keys, watches, leases, transactions, and what is left of them after a crash.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { ask, encode, get, keysBelow, put, statusOf } from './gateway.ts'
import { etcdctl, etcdRequirements, startEtcd } from './members.ts'

const sudo = { sudo: true } as const

/** The same by the program that people use. */
async function leaseByProgram(machine: Machine): Promise<void> {
  const granted = await etcdctl(machine, ['lease', 'grant', '3600'])
  expect(granted).toMatch(/^lease [0-9a-f]{16} granted with TTL\(3600s\)$/)
  const id = granted.split(' ')[1] ?? ''
  await etcdctl(machine, ['put', 'leased/program', 'x', `--lease=${id}`])
  const secondsLeft = async (): Promise<number> => {
    const left = await etcdctl(machine, ['lease', 'timetolive', '--keys', id])
    expect(left).toContain('attached keys([leased/program])')
    return Number(/remaining\((\d+)s\)/.exec(left)?.[1])
  }
  // Far less than it will have: asking takes an emulated machine seconds.
  const low = 3600 - Math.ceil(5 * machine.slowness)
  await expect.poll(secondsLeft, { timeoutMs: 20_000 * machine.slowness }).toBeLessThan(low)
  expect(await etcdctl(machine, ['lease', 'keep-alive', '--once', id])).toBe(
    `lease ${id} keepalived with TTL(3600)`,
  )
  expect(await secondsLeft()).toBeGreaterThanOrEqual(low)
  expect(await etcdctl(machine, ['lease', 'revoke', id])).toBe(`lease ${id} revoked`)
  expect(await get(machine, 'leased/program')).toBeUndefined()
  expect(await etcdctl(machine, ['lease', 'timetolive', id])).toContain('already expired')
}

describe('etcd', etcdRequirements, () => {
  test(
    'keys',
    {
      description: 'etcdctl puts, gets and deletes keys; a range and an old revision are what they were.',
      aliases: ['cl.etcd-member.etcdctlv3'],
    },
    async ({ machine }) => {
      await startEtcd({ machines: [machine] })
      expect((await etcdctl(machine, ['member', 'list'])).split('\n')).toHaveLength(1)
      expect(await etcdctl(machine, ['put', 'fruit/apple', 'green'])).toBe('OK')
      const { revision } = await statusOf(machine)
      await put(machine, 'fruit/apple', 'red')
      await put(machine, 'fruit/pear', 'yellow')
      await put(machine, 'fruity', 'no fruit')
      expect(await etcdctl(machine, ['get', 'fruit/', '--prefix'])).toBe(
        'fruit/apple\nred\nfruit/pear\nyellow',
      )
      expect(await get(machine, 'fruit/apple', { revision })).toBe('green')
      expect(await etcdctl(machine, ['del', 'fruit/', '--prefix'])).toBe('2')
      expect(await keysBelow(machine, 'fruit')).toEqual(['fruity'])
    },
  )

  test(
    'watch',
    {
      description: 'A watch tells every change below its prefix in order, those before it began included.',
    },
    async ({ machine }) => {
      await startEtcd({ machines: [machine] })
      await put(machine, 'watched/before', '1')
      const { revision } = await statusOf(machine)
      const events = '/run/watch-events'
      await machine.run(
        [
          'systemd-run',
          '--unit=watch',
          `--property=StandardOutput=file:${events}`,
          'etcdctl',
          'watch',
          '--prefix',
          'watched/',
          `--rev=${revision}`,
        ],
        sudo,
      )
      const seen = async (): Promise<string> => (await machine.exec(['cat', events])).stdout
      await expect.poll(seen, { timeoutMs: 10_000 * machine.slowness }).toBe('PUT\nwatched/before\n1')
      await put(machine, 'unwatched', '2')
      await put(machine, 'watched/during', '3')
      await ask(machine, 'kv/deleterange', { key: encode('watched/before') })
      await expect
        .poll(seen, { timeoutMs: 10_000 * machine.slowness })
        .toBe('PUT\nwatched/before\n1\nPUT\nwatched/during\n3\nDELETE\nwatched/before\n')
    },
  )

  test(
    'lease',
    {
      description:
        'Keys go with their lease: when it runs out, when it is revoked, and not while it is kept alive.',
    },
    async ({ machine }) => {
      await startEtcd({ machines: [machine] })
      const grant = async (seconds: number): Promise<string> => {
        const { ID: id } = await ask(machine, 'lease/grant', { TTL: Math.ceil(seconds * machine.slowness) })
        return String(id)
      }
      const [short, kept, revoked] = [await grant(2), await grant(2), await grant(600)]
      await put(machine, 'leased/short', 'x', { lease: short })
      await put(machine, 'leased/kept', 'x', { lease: kept })
      await put(machine, 'leased/revoked', 'x', { lease: revoked })
      await ask(machine, 'lease/revoke', { ID: revoked })
      expect(await keysBelow(machine, 'leased/')).not.toContain('leased/revoked')
      await expect
        .poll(
          async () => {
            await ask(machine, 'lease/keepalive', { ID: kept })
            return await keysBelow(machine, 'leased/')
          },
          { timeoutMs: 20_000 * machine.slowness },
        )
        .toEqual(['leased/kept'])
      const left = await ask(machine, 'lease/timetolive', { ID: kept, keys: true })
      expect(left).toMatchObject({ keys: [encode('leased/kept')] })
      await expect
        .poll(async () => await keysBelow(machine, 'leased/'), { timeoutMs: 20_000 * machine.slowness })
        .toEqual([])
      await test.step('etcdctl', async () => await leaseByProgram(machine))
    },
  )

  test(
    'transaction',
    {
      description:
        'Of two writers that compare first, the second is refused, and nothing of its transaction is done.',
    },
    async ({ machine }) => {
      await startEtcd({ machines: [machine] })
      const take = async (who: string): Promise<unknown> =>
        (
          await ask(machine, 'kv/txn', {
            compare: [{ key: encode('owner'), target: 'CREATE', create_revision: '0' }],
            success: [
              { request_put: { key: encode('owner'), value: encode(who) } },
              { request_put: { key: encode(`visits/${who}`), value: encode('1') } },
            ],
            failure: [{ request_range: { key: encode('owner') } }],
          })
        )['succeeded']
      const answers = await Promise.all([take('a'), take('b'), take('c')])
      expect(answers.filter((succeeded) => succeeded === true)).toHaveLength(1)
      const winner = (['a', 'b', 'c'] as const)[answers.indexOf(true)]
      expect(await get(machine, 'owner')).toBe(winner)
      expect(await keysBelow(machine, 'visits/')).toEqual([`visits/${winner}`])
    },
  )

  test(
    'users',
    {
      description:
        'With authentication on, a user reads and writes what its role grants, and nobody else anything.',
    },
    async ({ machine }) => {
      await startEtcd({ machines: [machine] })
      await put(machine, 'open/door', 'x')
      await put(machine, 'closed/door', 'x')
      await ask(machine, 'auth/user/add', { name: 'root', password: 'secret' })
      await ask(machine, 'auth/user/grant', { user: 'root', role: 'root' })
      await ask(machine, 'auth/role/add', { name: 'reader' })
      const perm = { permType: 'READ', key: encode('open/'), range_end: encode('open0') }
      await ask(machine, 'auth/role/grant', { name: 'reader', perm })
      await ask(machine, 'auth/user/add', { name: 'guest', password: 'guessed' })
      await ask(machine, 'auth/user/grant', { user: 'guest', role: 'reader' })
      await ask(machine, 'auth/enable')
      await expect(get(machine, 'open/door')).rejects.toThrow('user name is empty')
      expect(await etcdctl(machine, ['--user=guest:guessed', 'get', '--print-value-only', 'open/door'])).toBe(
        'x',
      )
      const refused = [
        ['guest:guessed', 1, 'permission denied', 'get', 'closed/door'],
        ['guest:guessed', 1, 'permission denied', 'put', 'open/door', 'y'],
        // It does not come to a connection.
        ['guest:wrong', 2, 'invalid user ID or password', 'get', 'open/door'],
      ] as const
      for (const [user, status, why, ...command] of refused) {
        const { exitCode, stderr } = await machine.exec(['etcdctl', `--user=${user}`, ...command])
        expect({ exitCode, stderr }).toEqual({ exitCode: status, stderr: expect.stringContaining(why) })
      }
    },
  )

  test(
    'killed',
    { description: 'A member that is killed comes back by itself with every write it had acknowledged.' },
    async ({ machine }) => {
      await startEtcd({ machines: [machine] })
      const pid = async (): Promise<string> =>
        await machine.run(['systemctl', 'show', '--property=MainPID', '--value', 'etcd.service'])
      const before = await pid()
      const keys = ['killed/0', 'killed/1', 'killed/2', 'killed/3']
      for (const key of keys) await put(machine, key, 'x')
      await machine.run(['systemctl', 'kill', '--signal=KILL', 'etcd.service'], sudo)
      await expect
        .poll(async () => await keysBelow(machine, 'killed/').catch(() => []), {
          timeoutMs: 20_000 * machine.slowness,
        })
        .toEqual(keys)
      expect(await pid()).not.toBe(before)
    },
  )

  test(
    'power-cut',
    {
      description:
        'After a power cut a member that is enabled is there again with every write it had acknowledged.',
      timeoutMs: 120_000,
    },
    async ({ machine }) => {
      await startEtcd({ machines: [machine] })
      await put(machine, 'acknowledged', 'x')
      await machine.power('cut')
      await machine.power('on')
      await expect
        .poll(async () => await get(machine, 'acknowledged').catch(() => 'no answer'), {
          timeoutMs: 20_000 * machine.slowness,
        })
        .toBe('x')
    },
  )
})
