// ROOT grows over whatever the disk has left at the first boot.

import { describe, expect, test } from '../../harness/index.ts'
import { secondDisk } from './second-disk.ts'

describe('boot', { firstBoot: true, ...secondDisk }, () => {
  test(
    'root-grown',
    {
      description: 'The last partition and its filesystem reach to the end of a 6 GiB disk.',
      distros: ['reference'],
    },
    async ({ machine }) => {
      const GiB = 1024 ** 3
      const root = await machine.run(['readlink', '-f', '/dev/disk/by-partlabel/ROOT'])
      const partition = Number(
        await machine.run(['lsblk', '--bytes', '--nodeps', '--noheadings', '--output=SIZE', root]),
      )
      // ESP, two slots and OEM take 1.5 GiB.
      expect(partition).toBeGreaterThan(4 * GiB)
      const [blocks, size] = (await machine.run(['stat', '--file-system', '--format=%b %S', '/']))
        .split(' ')
        .map(Number)
      expect((blocks ?? 0) * (size ?? 0)).toBeGreaterThan(0.9 * partition)
      const end = await machine.run(['/usr/sbin/sgdisk', '--verify', '/dev/vda'], { sudo: true })
      expect(end).toContain('No problems found')
    },
  )
})
