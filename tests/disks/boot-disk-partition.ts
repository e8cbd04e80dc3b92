// A partition that Ignition adds to the disk that the system is on.

import { expect, test } from '../../harness/index.ts'
import { dataUrl } from '../ignition/data-url.ts'

test(
  'disks.boot.partition-added',
  {
    description:
      'Ignition adds a partition behind all others of a larger boot disk, and /var is on it, after a reboot too.',
    aliases: ['cl.ignition.partition_on_boot_disk'],
    tags: ['system', 'ignition'],
    // Ignition 2.19 was the first that has the kernel see new partitions of a disk in use, and before it runs the copy of the
    // partition table has to be moved to the end of the disk. https://coreos.github.io/ignition/release-notes/
    features: ['boot-disk-partitioning'],
    primaryDiskMiB: 19_456,
    firstBoot: true,
    ignition: {
      ignition: { version: '3.3.0' },
      storage: {
        disks: [
          {
            device: '/dev/disk/by-id/virtio-primary-disk',
            partitions: [{ number: 10, label: 'VAR', startMiB: 9216, sizeMiB: 0 }],
          },
        ],
        filesystems: [
          {
            device: '/dev/disk/by-partlabel/VAR',
            path: '/var',
            format: 'ext4',
            label: 'VAR',
            wipeFilesystem: true,
          },
        ],
        files: [{ path: '/var/hello', mode: 0o644, contents: { source: dataUrl('world') } }],
      },
      systemd: {
        units: [
          {
            name: 'var.mount',
            enabled: true,
            contents:
              '[Unit]\nBefore=local-fs.target\n[Mount]\nWhat=/dev/disk/by-partlabel/VAR\nWhere=/var\nType=ext4\n[Install]\nRequiredBy=local-fs.target\n',
          },
        ],
      },
    },
  },
  async ({ machine }) => {
    for (const boot of ['first', 'second']) {
      await test.step(`${boot} boot`, async () => {
        const part = await machine.run(['readlink', '--canonicalize', '/dev/disk/by-label/VAR'])
        expect(await machine.run(['readlink', '--canonicalize', '/dev/disk/by-partlabel/VAR'])).toBe(part)
        expect(await machine.run(['findmnt', '--noheadings', '--output=SOURCE,FSTYPE', '/var'])).toMatch(
          new RegExp(`^${part} +ext4$`),
        )
        expect(
          await machine.run(['lsblk', '--nodeps', '--noheadings', '--output=PARTN,START', part]),
        ).toMatch(/^ *10 +18874368$/)
        await expect(machine).toHaveFile('/var/hello', { content: 'world' })
      })
      if (boot === 'first') await machine.reboot()
    }
  },
)
