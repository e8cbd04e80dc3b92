// Volumes that are more than a disk: LVM over two disks, btrfs with copies on both and with snapshots.

import { describe, expect, test } from '../../harness/index.ts'
import { digest, diskPath, fill, mountNew, plugDisks, plugging } from './disks.ts'

const sudo = { sudo: true } as const

describe('storage', { ...plugging, tags: ['system'], timeoutMs: 120_000 }, () => {
  test(
    'lvm',
    {
      description:
        'A logical volume grows over a second disk while it is in use, and a snapshot keeps what was before.',
      features: ['lvm'],
    },
    async ({ machine }) => {
      const [first = '', second = ''] = await plugDisks(machine, ['a', 'b'], 96)
      await machine.run(['vgcreate', '--quiet', 'sbx', first], sudo)
      await machine.run(['lvcreate', '--quiet', '--size=48M', '--name=data', 'sbx'], sudo)
      await mountNew(machine, '/dev/sbx/data', 'ext4', '/mnt/data')
      const before = await fill(machine, '/mnt/data/file', 8)
      await test.step('a snapshot', async () => {
        await machine.run(
          ['lvcreate', '--quiet', '--snapshot', '--size=24M', '--name=then', 'sbx/data'],
          sudo,
        )
        expect(await fill(machine, '/mnt/data/file', 8)).not.toBe(before)
        await machine.run('mkdir -p /mnt/then && mount -o ro /dev/sbx/then /mnt/then', sudo)
        expect(await digest(machine, '/mnt/then/file')).toBe(before)
        await machine.run('umount /mnt/then && lvremove --quiet --yes sbx/then', sudo)
      })
      await test.step('more room', async () => {
        const now = await digest(machine, '/mnt/data/file')
        await machine.run(['vgextend', '--quiet', 'sbx', second], sudo)
        await machine.run(['lvextend', '--quiet', '--size=144M', 'sbx/data'], sudo)
        await machine.run(['resize2fs', '/dev/sbx/data'], sudo)
        const room = Number(await machine.run('df --output=size --block-size=1M /mnt/data | tail -n 1'))
        expect(room).toBeGreaterThan(110)
        expect(await digest(machine, '/mnt/data/file')).toBe(now)
        const used = await machine.run(['lvs', '--noheadings', '--options=devices', 'sbx/data'], sudo)
        expect(used.trim().split('\n')).toHaveLength(2)
      })
    },
  )

  test(
    'btrfs-copies',
    {
      description:
        'btrfs with two copies repairs one that has rotted, and is there with one disk when the other is gone.',
      features: ['btrfs'],
      expectedMessages: ['block-io-error', 'offline-device'],
    },
    async ({ machine }) => {
      const disks = await plugDisks(machine, ['a', 'b'], 256)
      await machine.run(['mkfs.btrfs', '--quiet', '--data=raid1', '--metadata=raid1', ...disks], sudo)
      await machine.run(['mkdir', '-p', '/mnt/data'], sudo)
      await machine.run(['mount', disks[0] ?? '', '/mnt/data'], sudo)
      const before = await fill(machine, '/mnt/data/file', 8)
      await test.step('a scrub mends a disk that was written to from outside', async () => {
        await machine.run('umount /mnt/data', sudo)
        // Beyond the first superblocks, over where the data of the second disk is.
        await machine.run(
          `dd if=/dev/urandom of=${diskPath('b')} bs=1M seek=70 count=150 conv=notrunc,fsync`,
          sudo,
        )
        await machine.run(['mount', disks[0] ?? '', '/mnt/data'], sudo)
        const scrub = await machine.exec(['btrfs', 'scrub', 'start', '-B', '/mnt/data'], sudo)
        expect(scrub.stdout).toMatch(/Corrected:\s+[1-9]/)
        expect(scrub.stdout).toMatch(/Uncorrectable:\s+0/)
        expect(await digest(machine, '/mnt/data/file')).toBe(before)
      })
      await test.step('without the second disk', async () => {
        await machine.run('umount /mnt/data', sudo)
        await machine.pullDisk('b')
        const whole = await machine.exec(['mount', disks[0] ?? '', '/mnt/data'], sudo)
        expect(whole.exitCode).not.toBe(0)
        await machine.run(['mount', '-o', 'degraded', disks[0] ?? '', '/mnt/data'], sudo)
        expect(await digest(machine, '/mnt/data/file')).toBe(before)
      })
    },
  )

  test(
    'btrfs-snapshots',
    {
      description: 'A read-only snapshot keeps a file that is changed and removed, and brings it back.',
      features: ['btrfs'],
    },
    async ({ machine }) => {
      const [disk = ''] = await plugDisks(machine, ['a'], 256)
      await mountNew(machine, disk, 'btrfs', '/mnt/data')
      await machine.run(['btrfs', 'subvolume', 'create', '/mnt/data/home'], sudo)
      const before = await fill(machine, '/mnt/data/home/file', 4)
      await machine.run(['btrfs', 'subvolume', 'snapshot', '-r', '/mnt/data/home', '/mnt/data/then'], sudo)
      await machine.run('rm /mnt/data/home/file && sync', sudo)
      expect(await digest(machine, '/mnt/data/then/file')).toBe(before)
      const write = await machine.exec(['touch', '/mnt/data/then/more'], sudo)
      expect(write.stderr).toContain('Read-only file system')
      await machine.run(['btrfs', 'subvolume', 'delete', '/mnt/data/home'], sudo)
      await machine.run(['btrfs', 'subvolume', 'snapshot', '/mnt/data/then', '/mnt/data/home'], sudo)
      expect(await digest(machine, '/mnt/data/home/file')).toBe(before)
      await machine.run(['touch', '/mnt/data/home/more'], sudo)
    },
  )
})
