// Two ways to one disk: one device for both, which goes on when one of them is taken away.

import { expect, test, type Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const

const configuration = `defaults {
  user_friendly_names no
  find_multipaths yes
  path_grouping_policy multibus
  polling_interval 2
  no_path_retry 30
}
`

/** States of the paths that the daemon knows, sorted. */
async function paths(machine: Machine): Promise<readonly string[]> {
  const text = await machine.run(['/usr/sbin/multipathd', 'show', 'paths', 'raw', 'format', '%d %t %o'], sudo)
  return text
    .split('\n')
    .filter((line) => line.startsWith('sd'))
    .map((line) => line.trim().split(/\s+/).slice(1).join(' '))
    .toSorted()
}

const ACTIVE = 'active running'

test(
  'disks.multipath',
  {
    description:
      'Two paths to a disk become one device; a filesystem on a partition of it is written to while each path is gone in turn.',
    aliases: ['multipath.partition'],
    tags: ['storage'],
    features: ['multipath'],
    // Its paths are unplugged.
    excludeArchitectures: ['riscv64'],
    disks: [{ serial: 'lun', sizeMiB: 128, bus: 'scsi', paths: 2 }],
    expectedMessages: ['offline-device', 'block-io-error'],
    timeoutMs: 120_000,
  },
  async ({ machine }) => {
    await machine.writeFile('/etc/multipath.conf', configuration)
    await machine.run(['systemctl', 'start', 'multipathd.service'], sudo)
    await expect.poll(async () => await paths(machine), { timeoutMs: 30_000 }).toEqual([ACTIVE, ACTIVE])
    const map = await machine.run(['/usr/sbin/multipathd', 'show', 'maps', 'raw', 'format', '%n'], sudo)
    const device = `/dev/mapper/${map.trim()}`
    // udev makes the name.
    await expect(machine).toRun(['lsblk', '--noheadings', '--nodeps', '--output=TYPE', device], {
      stdout: /^mpath$/,
      timeoutMs: 30_000,
    })
    await machine.run(['/usr/sbin/sgdisk', '--new=1:0:0', '--change-name=1:SHARED', device], sudo)
    await machine.run(['/usr/sbin/kpartx', '-a', '-s', '-p', '-part', device], sudo)
    await machine.run(['/usr/sbin/mkfs.ext4', '-q', `${device}-part1`], sudo)
    await machine.run('mkdir -p /mnt/lun && mount "$(ls /dev/mapper/*-part1)" /mnt/lun', sudo)
    for (const path of [0, 1]) {
      await test.step(`without path ${path}`, async () => {
        await machine.setDiskPath('lun', path, 'down')
        await expect.poll(async () => await paths(machine), { timeoutMs: 30_000 }).toEqual([ACTIVE])
        const write = `dd if=/dev/urandom of=/mnt/lun/${path} bs=1M count=8 conv=fsync status=none && echo 3 >/proc/sys/vm/drop_caches && cp /mnt/lun/${path} /dev/null`
        await machine.run(['sh', '-c', write], sudo)
        await machine.setDiskPath('lun', path, 'up')
        await expect.poll(async () => await paths(machine), { timeoutMs: 30_000 }).toEqual([ACTIVE, ACTIVE])
      })
    }
    await machine.run(['umount', '/mnt/lun'], sudo)
    await machine.run(['/usr/sbin/e2fsck', '-f', '-n', `${device}-part1`], sudo)
  },
)
