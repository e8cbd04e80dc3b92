// docker and containerd: what they are made of, and what their containers may use and do.

import { describe, expect, test } from '../../harness/index.ts'
import { BUSYBOX, importImage } from './image.ts'
import { configureDocker, dockerRequirements, engine, prepareDocker, startDocker } from './prepared.ts'

const sudo = { sudo: true } as const

describe('docker', dockerRequirements, () => {
  test(
    'info',
    {
      description: 'docker runs with overlay2, cgroup v2 by systemd, runc, seccomp and cgroup namespaces.',
      aliases: ['docker.base'],
    },
    async ({ machine }) => {
      await prepareDocker(machine)
      const info = JSON.parse(await engine(machine, 'docker')(['info', '--format={{json .}}'])) as unknown
      expect(info).toMatchObject({
        Driver: 'overlay2',
        CgroupDriver: 'systemd',
        CgroupVersion: '2',
        DefaultRuntime: 'runc',
        Runtimes: { runc: { path: expect.stringMatching(/runc$/) } },
        DockerRootDir: '/var/lib/docker',
        LiveRestoreEnabled: false,
        MemoryLimit: true,
        PidsLimit: true,
        SecurityOptions: ['name=seccomp,profile=builtin', 'name=cgroupns'],
        Warnings: null,
      })
    },
  )

  test(
    'limits',
    {
      description:
        'Limits of memory, CPU and processes are those of the container’s cgroup, and can be changed.',
      aliases: ['docker.base'],
    },
    async ({ machine }) => {
      await prepareDocker(machine)
      const docker = engine(machine, 'docker')
      const limits = [
        '--memory=48m',
        '--memory-swap=48m',
        '--memory-reservation=24m',
        '--cpus=0.5',
        '--cpuset-cpus=0',
        '--pids-limit=20',
        '--ulimit=nofile=100',
        '--shm-size=1m',
      ]
      await docker(['run', '--detach', '--name=box', ...limits, BUSYBOX, 'sleep', '1000000'])
      const files = ['memory.max', 'memory.swap.max', 'memory.low', 'cpu.max', 'cpuset.cpus', 'pids.max']
      const seen = async (): Promise<readonly string[]> =>
        (
          await docker([
            'exec',
            'box',
            'sh',
            '-c',
            `cd /sys/fs/cgroup && cat ${files.join(' ')}; ulimit -n; stat -f -c %b*%S /dev/shm`,
          ])
        ).split('\n')
      expect(await seen()).toEqual([
        '50331648',
        '0',
        '25165824',
        '50000 100000',
        '0',
        '20',
        '100',
        '256*4096',
      ])
      await docker(['update', '--memory=64m', '--memory-swap=64m', '--pids-limit=30', 'box'])
      expect(await seen()).toEqual([
        '67108864',
        '0',
        '25165824',
        '50000 100000',
        '0',
        '30',
        '100',
        '256*4096',
      ])
    },
  )

  test(
    'user-no-caps',
    {
      description: 'A plain user in a container has no capability in force, and cannot look into /root.',
      aliases: ['docker.base'],
    },
    async ({ machine }) => {
      await prepareDocker(machine)
      const docker = engine(machine, 'docker')
      const status = await docker([
        'run',
        '--rm',
        '--user=1000',
        BUSYBOX,
        'grep',
        '^Cap[PE]',
        '/proc/self/status',
      ])
      expect(status.replaceAll(/\s+/g, ' ')).toBe('CapPrm: 0000000000000000 CapEff: 0000000000000000')
      // The /root of the container, and that of the machine (CVE-2016-8867).
      for (const options of [['--user=1000'], ['--user=1000:1000', '--volume=/root:/root']]) {
        const look = await machine.exec(['docker', 'run', '--rm', ...options, BUSYBOX, 'ls', '/root'], sudo)
        expect(look).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Permission denied') })
      }
    },
  )

  test(
    'user-namespace',
    {
      description: 'With userns-remap root in a container is the first of the ids that /etc/subuid gives.',
      aliases: ['docker.userns'],
    },
    async ({ machine }) => {
      await prepareDocker(machine)
      await machine.run('useradd --system --no-create-home dockremap', sudo)
      await machine.writeFile('/etc/subuid', 'dockremap:300000:65536\n')
      await machine.writeFile('/etc/subgid', 'dockremap:400000:65536\n')
      await configureDocker(machine, { 'userns-remap': 'dockremap' })
      await startDocker(machine, 'restart')
      const docker = engine(machine, 'docker')
      expect(await docker(['info', '--format={{.SecurityOptions}}'])).toContain('name=userns')
      // Images of the other mapping are not seen by this one.
      expect(await docker(['images', '--quiet'])).toBe('')
      await importImage(machine, 'docker')
      await docker(['run', '--detach', '--name=box', BUSYBOX, 'sleep', '1000000'])
      const map = async (file: string): Promise<readonly string[]> =>
        (await docker(['exec', 'box', 'cat', `/proc/self/${file}`])).trim().split(/\s+/)
      expect(await map('uid_map')).toEqual(['0', '300000', '65536'])
      expect(await map('gid_map')).toEqual(['0', '400000', '65536'])
      const pid = await docker(['inspect', '--format={{.State.Pid}}', 'box'])
      expect(await machine.run(['stat', '--format=%u:%g', `/proc/${pid}`], sudo)).toBe('300000:400000')
    },
  )

  test(
    'seccomp',
    {
      description:
        'System calls are filtered: what the default profile forbids, and what one of our own does.',
    },
    async ({ machine }) => {
      await prepareDocker(machine)
      const run = async (...arguments_: readonly string[]): Promise<number | null> =>
        (await machine.exec(['docker', 'run', '--rm', ...arguments_], sudo)).exitCode
      // A new user namespace needs CAP_SYS_ADMIN under the default profile.
      expect(await run(BUSYBOX, 'unshare', '--user', 'true')).toBe(1)
      expect(await run('--security-opt=seccomp=unconfined', BUSYBOX, 'unshare', '--user', 'true')).toBe(0)
      const rule = { names: ['chmod', 'fchmod', 'fchmodat', 'fchmodat2'], action: 'SCMP_ACT_ERRNO' }
      const profile = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] }
      await machine.writeFile('/etc/no-chmod.json', JSON.stringify(profile))
      expect(await run(BUSYBOX, 'chmod', '600', '/tmp')).toBe(0)
      expect(await run('--security-opt=seccomp=/etc/no-chmod.json', BUSYBOX, 'chmod', '600', '/tmp')).toBe(1)
    },
  )
})
