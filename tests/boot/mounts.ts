// Where things are mounted, and with which options.

import { describe, expect, test } from '../../harness/index.ts'

describe('boot', { firstBoot: true, exclusive: false, distros: ['reference'] }, () => {
  test(
    'mounts',
    {
      description:
        'ROOT, the /etc overlay and OEM are writable; /tmp and /run are in memory; nothing else is on a disk.',
      tags: ['smoke'],
    },
    async ({ machine }) => {
      await expect(machine).toHaveMount('/', { fstype: 'ext4', options: ['rw'] })
      await expect(machine).toHaveMount('/etc', { fstype: 'overlay', options: ['rw'] })
      await expect(machine).toHaveMount('/oem', { fstype: 'ext4', options: ['rw'] })
      await expect(machine).toHaveMount('/tmp', { fstype: 'tmpfs', options: ['nosuid', 'nodev'] })
      await expect(machine).toHaveMount('/run', { fstype: 'tmpfs', options: ['nosuid', 'nodev'] })
      await expect(machine).toHaveMount('/sys/fs/cgroup', {
        fstype: 'cgroup2',
        options: ['nosuid', 'nodev', 'noexec'],
      })
      const disks = await machine.run(['findmnt', '--real', '--noheadings', '--list', '--output', 'TARGET'])
      const expected = ['/', '/boot', '/etc', '/oem', '/usr']
      expect(disks.split('\n').filter((target) => !expected.includes(target))).toEqual([])
    },
  )

  test(
    'etc-overlay',
    {
      description: 'Changes to /etc land on ROOT; what is unchanged is read from the pristine copy in /usr.',
    },
    async ({ machine }) => {
      await machine.writeFile('/etc/signalbox-overlay', 'changed\n')
      await expect(machine).toHaveFile('/.etc/upper/signalbox-overlay', { content: 'changed\n' })
      await machine.run(['rm', '/etc/signalbox-overlay'], { sudo: true })
      const pristine = await machine.readFile('/usr/share/reference/etc/login.defs')
      expect(await machine.readFile('/etc/login.defs')).toBe(pristine)
    },
  )
})
