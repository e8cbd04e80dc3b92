// Which control groups there are: the unified hierarchy alone, and the old one where the kernel is told so.

import { describe, expect, test, type Machine } from '../../harness/index.ts'

describe('cgroups', { tags: ['system'] }, () => {
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

  // Flatcar has had no such thing since 4179, nor has systemd since 258.
  test(
    'legacy',
    {
      description:
        'With the old hierarchy asked for on the command line, every controller is mounted by itself, and nothing else.',
      aliases: ['cl.cgroupv1'],
      distros: ['flatcar'],
      versions: '>=3033.0.0 <4179.0.0',
      kernelArguments: ['systemd.unified_cgroup_hierarchy=0', 'systemd.legacy_systemd_cgroup_controller'],
    },
    async ({ machine }) => {
      await expect(machine).toRun('findmnt --noheadings --types cgroup2 || true', { stdout: /^$/ })
      expect(await mountedControllers(machine)).toEqual([
        'blkio',
        'cpu',
        'cpuacct',
        'cpuset',
        'devices',
        'freezer',
        'hugetlb',
        'memory',
        'name=systemd',
        'net_cls',
        'net_prio',
        'perf_event',
        'pids',
      ])
    },
  )

  test(
    'legacy-forced',
    {
      description:
        'Where systemd 257 is forced to the old hierarchy, each controller that the kernel has for it is mounted by itself, and nothing else.',
      distros: ['reference'],
      kernelArguments: [
        'systemd.unified_cgroup_hierarchy=0',
        'systemd.legacy_systemd_cgroup_controller=1',
        'SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1',
      ],
    },
    async ({ machine }) => {
      await expect(machine).toRun('findmnt --noheadings --types cgroup2 || true', { stdout: /^$/ })
      const { kernelConfig } = (await machine.snapshot()).sections
      // Debian builds these two for the unified hierarchy alone, and /proc/cgroups names them all the same.
      const unified = ['memory', 'cpuset'].filter(
        (name) => kernelConfig[name === 'memory' ? 'CONFIG_MEMCG_V1' : 'CONFIG_CPUSETS_V1'] !== 'y',
      )
      const lines = (await machine.readFile('/proc/cgroups')).split('\n')
      const known = lines.filter((line) => /^\w.*\t1$/.test(line)).map((line) => line.split('\t')[0] ?? '')
      expect(known).toEqual(expect.arrayContaining(['cpu', 'blkio', 'devices', 'freezer', 'pids']))
      const wanted = [...known.filter((name) => !unified.includes(name)), 'name=systemd']
      expect(await mountedControllers(machine)).toEqual(wanted.toSorted())
      // Services are kept apart in systemd's own hierarchy, and their tasks counted in that of pids.
      const mainPid = await machine.run('systemctl show --property=MainPID --value ssh.service')
      const groups = await machine.readFile(`/proc/${mainPid}/cgroup`)
      expect(groups).toMatch(/^\d+:name=systemd:\/system\.slice\/ssh\.service$/m)
      expect(groups).toMatch(/^\d+:pids:\/system\.slice\/ssh\.service$/m)
    },
  )
})

/** The controllers of all old hierarchies that are mounted, each as often as it is. */
async function mountedControllers(machine: Machine): Promise<readonly string[]> {
  const text = await machine.run(['findmnt', '--noheadings', '--types=cgroup', '--output=FS-OPTIONS'])
  const options = text.split('\n').flatMap((line) => line.trim().split(','))
  return options.filter((each) => !/^(?:rw|seclabel|xattr|release_agent=.*)$/.test(each)).toSorted()
}
