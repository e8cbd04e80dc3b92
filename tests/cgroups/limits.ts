// Limits of systemd units hold: what exceeds one is stopped, and what runs beside it does not notice.

import { describe, expect, test, type Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const

/** A file of the unit's control group. */
const group = (unit: string, file: string): string => `/sys/fs/cgroup/system.slice/${unit}/${file}`

/** A counter out of `cpu.stat`, `pids.events` and the like. */
async function counter(machine: Machine, unit: string, file: string, name: string): Promise<number> {
  const text = await machine.readFile(group(unit, file))
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
}

async function property(machine: Machine, unit: string, name: string): Promise<string> {
  return await machine.run(['systemctl', 'show', `--property=${name}`, '--value', unit])
}

describe('cgroups', { tags: ['system'] }, () => {
  test(
    'memory-max',
    {
      description:
        'A service that takes more memory than it may is killed, alone, and systemd, journal and kernel say why.',
      expectedMessages: ['oom-killer', 'unit-failed'],
    },
    async ({ machine, journal }) => {
      const sshd = await property(machine, 'ssh.service', 'MainPID')
      await machine.run(
        ['systemd-run', '--unit=sbx-modest', '--property=MemoryMax=48M', 'sleep', 'infinity'],
        sudo,
      )
      const limits = ['--property=MemoryMax=48M', '--property=MemorySwapMax=0']
      // tail(1) keeps a line in memory until it ends.
      const greedy = await machine.exec(
        ['systemd-run', '--wait', '--unit=sbx-greedy', ...limits, 'tail', '/dev/zero'],
        sudo,
      )
      expect(greedy.exitCode).not.toBe(0)
      expect(await property(machine, 'sbx-greedy.service', 'Result')).toBe('oom-kill')
      expect(Number(await property(machine, 'sbx-greedy.service', 'MemoryPeak'))).toBeLessThanOrEqual(
        48 * 2 ** 20,
      )
      await journal.waitFor(
        /oom-kill:constraint=CONSTRAINT_MEMCG,.*oom_memcg=\/system\.slice\/sbx-greedy\.service/,
      )
      await journal.waitFor(/sbx-greedy\.service: Failed with result 'oom-kill'/)
      await expect(machine).toHaveActiveUnit('sbx-modest.service')
      expect(await property(machine, 'ssh.service', 'MainPID')).toBe(sshd)
      await machine.run(['systemctl', 'reset-failed'], sudo)
    },
  )

  test(
    'oom-restart',
    {
      description: 'A service that may be started again is, after the memory limit has killed it.',
      expectedMessages: ['oom-killer', 'unit-failed'],
    },
    async ({ machine }) => {
      const properties = ['MemoryMax=48M', 'MemorySwapMax=0', 'Restart=on-failure', 'RestartSec=100ms']
      // Greedy the first time only.
      const script = 'test -e /run/sbx-once && exec sleep infinity; touch /run/sbx-once; exec tail /dev/zero'
      await machine.run(
        [
          'systemd-run',
          '--unit=sbx-again',
          ...properties.map((each) => `--property=${each}`),
          'sh',
          '-c',
          script,
        ],
        sudo,
      )
      await expect
        .poll(async () => await property(machine, 'sbx-again.service', 'NRestarts'), {
          timeoutMs: 8000 * machine.slowness,
        })
        .toBe('1')
      await expect(machine).toHaveActiveUnit('sbx-again.service')
      await expect(machine).toRun(['journalctl', '--boot', '--unit=sbx-again.service', '--output=cat'], {
        stdout: /Failed with result 'oom-kill'/,
      })
    },
  )

  test(
    'cpu-quota',
    { description: 'A service with a quota of a fifth of one CPU is held back to that.' },
    async ({ machine }) => {
      await machine.run(
        ['systemd-run', '--unit=sbx-busy', '--property=CPUQuota=20%', 'sh', '-c', 'while :; do :; done'],
        sudo,
      )
      await expect(machine).toHaveFile(group('sbx-busy.service', 'cpu.max'), { content: '20000 100000\n' })
      // By the guest's own clock, both in microseconds.
      const look = async (): Promise<{ readonly used: number; readonly at: number }> => {
        const stat = group('sbx-busy.service', 'cpu.stat')
        const text = await machine.run(`cat ${stat}; cut -d' ' -f1 /proc/uptime`)
        return {
          used: Number(/^usage_usec (\d+)$/m.exec(text)?.[1]),
          at: Number(text.split('\n').at(-1)) * 1e6,
        }
      }
      const before = await look()
      await expect
        .poll(async () => (await look()).at - before.at, { timeoutMs: 8000 * machine.slowness })
        .toBeGreaterThan(5e6)
      const after = await look()
      const share = (after.used - before.used) / (after.at - before.at)
      expect(share).toBeGreaterThan(0.02)
      expect(share).toBeLessThan(0.3)
      expect(await counter(machine, 'sbx-busy.service', 'cpu.stat', 'nr_throttled')).toBeGreaterThan(0)
    },
  )

  test(
    'tasks-max',
    { description: 'A service that starts more processes than it may gets no more; others still do.' },
    async ({ machine }) => {
      const script = 'for i in 1 2 3 4 5 6 7 8; do sleep infinity & done'
      // Forks fail before the shell would end, so it is another that stays.
      await machine.run(
        [
          'systemd-run',
          '--unit=sbx-many',
          '--property=TasksMax=5',
          'sh',
          '-c',
          `(${script}) ; exec sleep infinity`,
        ],
        sudo,
      )
      await expect
        .poll(async () => await counter(machine, 'sbx-many.service', 'pids.events', 'max'), {
          timeoutMs: 10_000 * machine.slowness,
        })
        .toBeGreaterThan(0)
      const count = async (): Promise<number> =>
        Number((await machine.readFile(group('sbx-many.service', 'pids.current'))).trim())
      expect(await count()).toBeLessThanOrEqual(5)
      await expect(machine).toHaveFile(group('sbx-many.service', 'pids.max'), { content: '5\n' })
      expect(await machine.run('for i in 1 2 3 4 5 6 7 8; do (echo $i) & done; wait')).toMatch(/8/)
    },
  )

  test(
    'slice',
    {
      description: 'The limit of a slice counts all its services together.',
      expectedMessages: ['oom-killer', 'unit-failed'],
    },
    async ({ machine, journal }) => {
      await machine.writeFile('/etc/systemd/system/sbx.slice', '[Slice]\nMemoryMax=64M\nMemorySwapMax=0\n')
      await machine.run(['systemctl', 'daemon-reload'], sudo)
      // Each takes 40 MiB, which the slice has for one of them.
      const fill = 'head -c 40M /dev/zero | tail'
      for (const name of ['sbx-first', 'sbx-second']) {
        await machine.run(
          [
            'systemd-run',
            '--slice=sbx.slice',
            `--unit=${name}`,
            'sh',
            '-c',
            `(${fill}; sleep infinity) | sleep infinity`,
          ],
          sudo,
        )
      }
      await journal.waitFor(/oom-kill:constraint=CONSTRAINT_MEMCG,.*oom_memcg=\/sbx\.slice[,/]/)
      const peak = Number((await machine.readFile('/sys/fs/cgroup/sbx.slice/memory.peak')).trim())
      expect(peak).toBeLessThanOrEqual(64 * 2 ** 20)
      await machine.run(['systemctl', 'reset-failed'], sudo)
    },
  )

  test(
    'io-max',
    { description: 'A service reads no faster from a disk than it may.', distros: ['reference'] },
    async ({ machine }) => {
      await machine.run(['sh', '-c', 'head -c 4M /dev/urandom >/var/tmp/sbx-data && sync'], sudo)
      const disk = '/dev/vda'
      const read = async (name: string, properties: readonly string[]): Promise<number> => {
        const limits = properties.map((each) => `--property=${each}`)
        const run = ['systemd-run', '--wait', '--pipe', '--quiet', `--unit=${name}`, ...limits]
        const script =
          "a=$(cut -d' ' -f1 /proc/uptime); dd if=/var/tmp/sbx-data of=/dev/null bs=256k iflag=direct 2>/dev/null; b=$(cut -d' ' -f1 /proc/uptime); echo $a $b"
        const [from = 0, to = 0] = (await machine.run([...run, 'sh', '-c', script], sudo))
          .split(' ')
          .map(Number)
        return to - from
      }
      // 4 MiB at 1 MiB/s, of which the first may go at once.
      expect(await read('sbx-throttled', [`IOReadBandwidthMax=${disk} 1M`])).toBeGreaterThan(2.5)
      expect(await read('sbx-free', [])).toBeLessThan(2.5)
    },
  )

  test(
    'whole-service',
    { description: 'When a service is stopped, none of its processes stays, also of those that left it.' },
    async ({ machine }) => {
      const script = 'setsid sh -c "trap : TERM; while :; do sleep 7654; done" & exec sleep 7654'
      await machine.run(
        ['systemd-run', '--unit=sbx-family', '--property=TimeoutStopSec=2s', 'sh', '-c', script],
        sudo,
      )
      const alive = async (): Promise<number> =>
        Number(await machine.run("pgrep --count --full '[s]leep 7654' || true"))
      await expect.poll(alive, { timeoutMs: 10_000 * machine.slowness }).toBeGreaterThan(1)
      await machine.run(['systemctl', 'stop', 'sbx-family.service'], sudo)
      expect(await alive()).toBe(0)
      await machine.run(['systemctl', 'reset-failed'], sudo)
    },
  )
})
