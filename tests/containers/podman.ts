// podman as root: what it is made of, what its containers may use and do.

import { describe, expect, test } from '../../harness/index.ts'
import { BUSYBOX, importImage } from './image.ts'
import { engine, podmanRequirements } from './prepared.ts'

describe('podman', podmanRequirements, () => {
  test(
    'info',
    {
      description: 'podman runs with overlay storage, cgroup v2 by systemd, crun, seccomp and SELinux.',
      aliases: ['podman.base'],
    },
    async ({ machine }) => {
      await importImage(machine)
      const info = JSON.parse(await engine(machine, 'podman')(['info', '--format=json'])) as unknown
      expect(info).toMatchObject({
        host: {
          cgroupManager: 'systemd',
          cgroupVersion: 'v2',
          networkBackend: 'netavark',
          ociRuntime: { name: 'crun', path: '/usr/bin/crun' },
          security: { rootless: false, seccompEnabled: true, selinuxEnabled: true },
        },
        store: {
          graphDriverName: 'overlay',
          graphRoot: '/var/lib/containers/storage',
          graphStatus: { 'Backing Filesystem': 'extfs', 'Native Overlay Diff': 'true' },
        },
      })
    },
  )

  test(
    'workflow',
    {
      description: 'An image is tagged, a container of it run, entered, committed, stopped and removed.',
      aliases: ['podman.workflow'],
    },
    async ({ machine }) => {
      await importImage(machine)
      const podman = engine(machine, 'podman')
      await podman(['tag', BUSYBOX, 'localhost/tagged'])
      await podman(['run', '--detach', '--name=box', 'localhost/tagged', 'sleep', '1000000'])
      expect(await podman(['ps', '--noheading', '--format={{.Names}} {{.State}}'])).toBe('box running')
      await podman(['exec', 'box', 'sh', '-c', 'echo inside > /tmp/file'])
      await podman(['commit', '--quiet', 'box', 'localhost/committed'])
      await podman(['stop', '--time=0', 'box'])
      expect(await podman(['inspect', '--format={{.State.Status}}', 'box'])).toBe('exited')
      await podman(['rm', 'box'])
      expect(await podman(['run', '--rm', 'localhost/committed', 'cat', '/tmp/file'])).toBe('inside')
      await podman(['rmi', 'localhost/committed', 'localhost/tagged'])
      // The image that it began with is not touched by its copies.
      expect(await podman(['images', '--noheading', '--format={{.Repository}}'])).toBe(BUSYBOX)
      await expect(machine).toRun(['podman', 'run', '--rm', BUSYBOX, 'test', '!', '-e', '/tmp/file'], {
        sudo: true,
      })
    },
  )

  test(
    'limits',
    { description: 'Limits of memory, CPU and processes are those of the container’s cgroup.' },
    async ({ machine }) => {
      await importImage(machine)
      const limits = [
        '--memory=48m',
        '--memory-swap=48m',
        '--cpus=0.5',
        '--cpu-shares=512',
        '--pids-limit=20',
      ]
      const files = ['memory.max', 'memory.swap.max', 'cpu.max', 'pids.max'].map(
        (name) => `/sys/fs/cgroup/${name}`,
      )
      const seen = await engine(machine, 'podman')(['run', '--rm', ...limits, BUSYBOX, 'cat', ...files])
      expect(seen.split('\n')).toEqual(['50331648', '0', '50000 100000', '20'])
      // The last process that it may have is refused.
      const forks = await machine.exec(
        [
          'podman',
          'run',
          '--rm',
          '--pids-limit=4',
          BUSYBOX,
          'sh',
          '-c',
          'for i in 1 2 3 4 5 6; do sleep 1000 & done',
        ],
        { sudo: true },
      )
      expect(forks.stderr).toContain("can't fork: Resource temporarily unavailable")
    },
  )

  test(
    'out-of-memory',
    {
      description: 'A container that takes more memory than it may is killed, and nothing else is.',
      expectedMessages: ['oom-killer'],
    },
    async ({ machine }) => {
      await importImage(machine)
      const podman = engine(machine, 'podman')
      await podman(['run', '--detach', '--name=modest', BUSYBOX, 'sleep', '1000000'])
      const greedy = ['--name=greedy', '--memory=24m', '--memory-swap=24m']
      // tail keeps the last line, and this one never ends.
      const { exitCode } = await machine.exec(['podman', 'run', ...greedy, BUSYBOX, 'tail', '/dev/zero'], {
        sudo: true,
      })
      expect(exitCode).toBe(137)
      expect(await podman(['inspect', '--format={{.State.OOMKilled}}', 'greedy'])).toBe('true')
      expect(await podman(['inspect', '--format={{.State.Status}}', 'modest'])).toBe('running')
      await machine.journal.waitFor(/Memory cgroup out of memory: Killed process \d+ \(tail\)/)
    },
  )

  test(
    'user-namespace',
    { description: 'root in a container with a user namespace is nobody of importance outside.' },
    async ({ machine }) => {
      await importImage(machine)
      const podman = engine(machine, 'podman')
      const mapped = ['--uidmap=0:200000:5000', '--gidmap=0:200000:5000']
      await podman(['run', '--detach', '--name=mapped', ...mapped, BUSYBOX, 'sleep', '1000000'])
      expect(await podman(['exec', 'mapped', 'id', '-u'])).toBe('0')
      expect((await podman(['exec', 'mapped', 'cat', '/proc/self/uid_map'])).trim().split(/\s+/)).toEqual([
        '0',
        '200000',
        '5000',
      ])
      const pid = await podman(['inspect', '--format={{.State.Pid}}', 'mapped'])
      expect(await machine.run(['stat', '--format=%u:%g', `/proc/${pid}`], { sudo: true })).toBe(
        '200000:200000',
      )
      // A file of the real root is not its own.
      await machine.run('echo secret > /srv/secret; chmod 600 /srv/secret', { sudo: true })
      const mount = '--volume=/srv/secret:/secret:ro,z'
      const foreign = await machine.exec(
        ['podman', 'run', '--rm', ...mapped, mount, BUSYBOX, 'cat', '/secret'],
        {
          sudo: true,
        },
      )
      expect(foreign).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Permission denied') })
      expect(await podman(['run', '--rm', mount, BUSYBOX, 'cat', '/secret'])).toBe('secret')
    },
  )

  test(
    'capabilities',
    {
      description:
        'A container has few capabilities, none when they are dropped, and a plain user in it never any.',
    },
    async ({ machine }) => {
      await importImage(machine)
      const sets = async (...options: readonly string[]): Promise<readonly string[]> => {
        const arguments_ = ['run', '--rm', ...options, BUSYBOX, 'grep', '^Cap[PEB]', '/proc/self/status']
        const status = await engine(machine, 'podman')(arguments_)
        return status.split('\n').map((line) => line.replaceAll(/\s+/g, ' '))
      }
      // chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service, sys_chroot, setfcap
      const few = '00000000800405fb'
      const none = '0'.repeat(16)
      expect(await sets()).toEqual([`CapPrm: ${few}`, `CapEff: ${few}`, `CapBnd: ${few}`])
      expect(await sets('--cap-drop=all')).toEqual([`CapPrm: ${none}`, `CapEff: ${none}`, `CapBnd: ${none}`])
      // CVE-2016-8867: the bounding set is there, but nothing in force.
      expect(await sets('--user=1000')).toEqual([`CapPrm: ${none}`, `CapEff: ${none}`, `CapBnd: ${few}`])
      await expect(machine).toRun(['podman', 'run', '--rm', '--user=1000', BUSYBOX, 'ls', '/root'], {
        sudo: true,
        exitCode: 1,
      })
    },
  )

  test(
    'seccomp',
    {
      description:
        'System calls are filtered: what the default profile forbids, and what one of our own does.',
    },
    async ({ machine }) => {
      await importImage(machine)
      const run = async (...arguments_: readonly string[]): Promise<number | undefined> =>
        (await machine.exec(['podman', 'run', '--rm', ...arguments_], { sudo: true })).exitCode ?? undefined
      const mode = await engine(
        machine,
        'podman',
      )(['run', '--rm', BUSYBOX, 'grep', 'Seccomp:', '/proc/self/status'])
      expect(mode).toMatch(/^Seccomp:\s+2$/)
      // personality(ADDR_NO_RANDOMIZE), which needs no capability and is in no default profile.
      const odd = ['--volume=/usr:/usr:ro', BUSYBOX, '/usr/bin/setarch', '--addr-no-randomize', 'true']
      expect(await run(...odd)).not.toBe(0)
      expect(await run('--security-opt=seccomp=unconfined', ...odd)).toBe(0)
      const rule = { names: ['chmod', 'fchmod', 'fchmodat', 'fchmodat2'], action: 'SCMP_ACT_ERRNO' }
      const profile = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] }
      await machine.writeFile('/etc/no-chmod.json', JSON.stringify(profile))
      expect(await run(BUSYBOX, 'chmod', '600', '/tmp')).toBe(0)
      expect(await run('--security-opt=seccomp=/etc/no-chmod.json', BUSYBOX, 'chmod', '600', '/tmp')).toBe(1)
    },
  )
})
