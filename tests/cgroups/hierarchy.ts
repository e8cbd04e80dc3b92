// Which control groups there are: the unified hierarchy alone, and the old one where the kernel is told so.

import { describe, expect, test } from '../../harness/index.ts'

describe('cgroups', { tags: ['cgroups', 'system'] }, () => {
  test(
    'unified',
    {
      description:
        'The unified hierarchy is the only one, and systemd hands out CPU, memory and tasks in it.',
      exclusive: false,
    },
    async ({ machine }) => {
      await expect(machine).toHaveMount('/sys/fs/cgroup', { fstype: 'cgroup2' })
      expect(await machine.run('findmnt --noheadings --types cgroup --output TARGET || true')).toBe('')
      const controllers = (await machine.readFile('/sys/fs/cgroup/cgroup.controllers')).trim().split(' ')
      expect(controllers).toEqual(expect.arrayContaining(['cpuset', 'cpu', 'io', 'memory', 'pids']))
      const handedOut = (await machine.readFile('/sys/fs/cgroup/cgroup.subtree_control')).trim().split(' ')
      expect(handedOut).toEqual(expect.arrayContaining(['cpu', 'memory', 'pids']))
      // systemd keeps every service in a group of its own.
      const mainPid = await machine.run('systemctl show --property=MainPID --value ssh.service')
      expect(await machine.readFile(`/proc/${mainPid}/cgroup`)).toBe('0::/system.slice/ssh.service\n')
    },
  )

  test(
    'legacy',
    {
      description:
        'With the old hierarchy asked for on the command line, every controller is mounted by itself.',
      aliases: ['cl.cgroupv1'],
      // systemd 258 has no such thing any more, nor has Flatcar since 4179.
      distros: ['flatcar'],
      versions: '>=3033.0.0 <4179.0.0',
      kernelArguments: ['systemd.unified_cgroup_hierarchy=0', 'systemd.legacy_systemd_cgroup_controller'],
    },
    async ({ machine }) => {
      await expect(machine).toRun('findmnt --noheadings --types cgroup2 || true', { stdout: /^$/ })
      for (const controller of ['blkio', 'cpu', 'cpuacct', 'cpuset', 'devices', 'freezer', 'memory', 'pids'])
        await expect.soft(machine).toRun(['findmnt', '--types', 'cgroup', '--options', controller])
    },
  )
})
