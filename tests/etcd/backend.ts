// What etcd keeps on disk: snapshots, compaction, the room it takes and may take.

import { describe, expect, test } from '../../harness/index.ts'
import { ask, get, keysBelow, put, statusOf, tryAsk, tryPut } from './gateway.ts'
import { commandTimeout, configure, etcdctl, etcdRequirements, initialCluster, startEtcd } from './members.ts'

const sudo = { sudo: true } as const

describe('etcd', etcdRequirements, () => {
  test(
    'snapshot',
    {
      description: 'A snapshot says what is in it, and a member restored from it has that and nothing newer.',
      aliases: ['cl.etcd-member.etcdctlv3'],
    },
    async ({ machine }) => {
      await startEtcd({ machines: [machine] })
      for (const key of ['kept/0', 'kept/1', 'kept/2']) await put(machine, key, key)
      await etcdctl(machine, ['snapshot', 'save', '/var/tmp/snapshot'])
      const status = JSON.parse(
        await machine.run(['etcdutl', '--write-out=json', 'snapshot', 'status', '/var/tmp/snapshot']),
      ) as unknown
      expect(status).toMatchObject({ revision: 4 })
      await put(machine, 'kept/0', 'changed')
      await put(machine, 'newer', 'x')
      await machine.run(['systemctl', 'stop', 'etcd.service'], sudo)
      await machine.run(
        `set -eu
       rm -r /var/lib/etcd/default
       etcdutl snapshot restore /var/tmp/snapshot --data-dir=/var/lib/etcd/default --name=m0 \\
         --initial-cluster=${initialCluster([machine])} --initial-advertise-peer-urls=http://127.0.0.1:2380
       chown -R etcd: /var/lib/etcd
       systemctl start etcd.service`,
        sudo,
      )
      expect(await keysBelow(machine, 'kept/')).toEqual(['kept/0', 'kept/1', 'kept/2'])
      expect(await get(machine, 'kept/0')).toBe('kept/0')
      expect(await get(machine, 'newer')).toBeUndefined()
      // A snapshot that was changed on its way is refused.
      const damaged = await machine.exec(
        `set -e
       cp /var/tmp/snapshot /var/tmp/damaged
       printf damage | dd of=/var/tmp/damaged bs=1 seek=5000 conv=notrunc status=none
       etcdutl snapshot restore /var/tmp/damaged --data-dir=/var/tmp/never`,
        sudo,
      )
      expect(damaged.exitCode).not.toBe(0)
      expect(damaged.stderr).toContain('expected sha256')
    },
  )

  test(
    'compaction',
    { description: 'What was compacted can neither be read nor watched any more; the newest values can.' },
    async ({ machine }) => {
      await startEtcd({ machines: [machine] })
      for (const value of ['1', '2', '3']) await put(machine, 'counter', value)
      const { revision } = await statusOf(machine)
      expect(await get(machine, 'counter', { revision: revision - 1 })).toBe('2')
      expect(await etcdctl(machine, ['compact', String(revision)])).toBe(`compacted revision ${revision}`)
      await expect(get(machine, 'counter', { revision: revision - 1 })).rejects.toThrow(
        'required revision has been compacted',
      )
      expect(await get(machine, 'counter')).toBe('3')
      const watch = await machine.exec(['etcdctl', 'watch', `--rev=${revision - 1}`, 'counter'])
      expect(`${watch.stdout}${watch.stderr}`).toContain('required revision has been compacted')
      expect(await tryAsk(machine, 'kv/compaction', { revision: revision + 100 })).toMatchObject({
        message: expect.stringContaining('required revision is a future revision'),
      })
    },
  )

  test(
    'quota',
    {
      description:
        'A full member raises an alarm and takes no writes; compacted, defragmented and disarmed it takes them again.',
    },
    async ({ machine }) => {
      const quota = 4 * 1024 * 1024
      await configure(machine, {
        INITIAL_CLUSTER: initialCluster([machine]),
        QUOTA_BACKEND_BYTES: String(quota),
      })
      await machine.run(['systemctl', 'start', 'etcd.service'], sudo)
      const large = 'x'.repeat(500 * 1024)
      await expect
        .poll(async () => (await tryPut(machine, 'large', large)).message, {
          timeoutMs: 20_000 * machine.slowness,
        })
        .toContain('database space exceeded')
      expect(await ask(machine, 'maintenance/alarm', { action: 'GET' })).toMatchObject({
        alarms: [{ alarm: 'NOSPACE' }],
      })
      // No write at all, however small; reads go on.
      expect(await tryPut(machine, 'small', 'x')).toMatchObject({
        message: expect.stringContaining('database space exceeded'),
      })
      expect(await get(machine, 'large')).toHaveLength(large.length)
      const { revision } = await statusOf(machine)
      await ask(machine, 'kv/compaction', { revision, physical: true })
      await etcdctl(machine, ['defrag', commandTimeout(machine)])
      expect((await statusOf(machine)).dbSize).toBeLessThan(quota / 2)
      // The alarm stays until somebody says that it is dealt with.
      expect(await tryPut(machine, 'small', 'x')).toHaveProperty('message')
      expect(await etcdctl(machine, ['alarm', 'disarm'])).toContain('NOSPACE')
      expect(await tryPut(machine, 'small', 'x')).not.toHaveProperty('message')
      expect(await get(machine, 'small')).toBe('x')
    },
  )

  test(
    'v2-backup',
    {
      description:
        'Keys of the v2 API are in a backup, and there again in a new cluster that is forced from it.',
      aliases: ['cl.etcd-member.v2-backup-restore'],
    },
    async ({ machine }) => {
      const etcdctl2 = async (...args: readonly string[]): Promise<string> =>
        await machine.run(['etcdctl', ...args], { ...sudo, env: { ETCDCTL_API: '2' } })
      const settings = { INITIAL_CLUSTER: initialCluster([machine]), ENABLE_V2: 'true' }
      await configure(machine, settings)
      await machine.run(['systemctl', 'start', 'etcd.service'], sudo)
      await etcdctl2('set', '/greeting', 'hello')
      expect(await etcdctl2('get', '/greeting')).toBe('hello')
      await etcdctl2('backup', '--data-dir=/var/lib/etcd/default', '--backup-dir=/var/lib/etcd/backup')
      await etcdctl2('rm', '/greeting')
      await expect(etcdctl2('get', '/greeting')).rejects.toThrow('Key not found')
      await machine.run(['systemctl', 'stop', 'etcd.service'], sudo)
      await machine.run(
        `set -eu
       rm -r /var/lib/etcd/default
       mv /var/lib/etcd/backup /var/lib/etcd/default
       chown -R etcd: /var/lib/etcd`,
        sudo,
      )
      await configure(machine, { ...settings, FORCE_NEW_CLUSTER: 'true' })
      await machine.run(['systemctl', 'start', 'etcd.service'], sudo)
      expect(await etcdctl2('get', '/greeting')).toBe('hello')
      expect(await etcdctl2('ls', '/')).toBe('/greeting')
    },
  )
})
