// docker and containerd: what they are made of, and what their containers may use and do.

import { describe, expect, test } from '../../harness/index.ts'
import { expectFlags, expectInfo, expectLimits, expectNoCapabilities, expectOwnership } from './base.ts'
import { BUSYBOX, importImage } from './image.ts'
import {
  baseRequirements,
  configureDocker,
  dockerRequirements,
  engine,
  prepareDocker,
  startDocker,
} from './prepared.ts'

const sudo = { sudo: true } as const

describe('docker', baseRequirements, () => {
  test(
    'info',
    {
      description: 'docker runs with overlay2, cgroup v2 by systemd, runc, seccomp and cgroup namespaces.',
      aliases: ['docker.base'],
    },
    async ({ machine }) => {
      await prepareDocker(machine)
      await expectInfo(machine)
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
      await expectLimits(machine)
    },
  )

  test(
    'flags',
    {
      description:
        'Containers with every limit and option that docker takes start, ten at once, and have what was asked for.',
      aliases: ['docker.base'],
      timeoutMs: 180_000,
    },
    async ({ machine }) => {
      await prepareDocker(machine)
      await expectFlags(machine)
    },
  )

  test(
    'ownership',
    {
      description:
        'Who owns a file of a container is the same inside, in what docker exports of it, and in the images made of it.',
      aliases: ['docker.base'],
    },
    async ({ machine }) => {
      await prepareDocker(machine)
      await expectOwnership(machine)
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
      await expectNoCapabilities(machine)
    },
  )
})

describe('docker', dockerRequirements, () => {
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
