// Filesystems on disks of their own: they grow with their partition, and keep what was written through a power cut.

import { describe, expect, test } from '../../harness/index.ts'
import { digest, fill, mountNew, plugDisks, plugging } from './disks.ts'

const sudo = { sudo: true } as const
const types = [
  ['ext4', []],
  ['xfs', ['xfs']],
  ['btrfs', ['btrfs']],
] as const

describe('storage', { ...plugging, tags: ['system'], timeoutMs: 120_000 }, () => {
  for (const [type, features] of types) {
    test(
      `growfs-${type}`,
      {
        description: `${type} on a partition that was enlarged has the new size when it is mounted, and its files.`,
        features,
      },
      async ({ machine }) => {
        const [disk = ''] = await plugDisks(machine, ['data'], 640)
        const partition = `${disk}-part1`
        await machine.run(`printf 'label: gpt\\nsize=320M\\n' | sfdisk --quiet ${disk}`, sudo)
        await expect(machine).toRun(['test', '-b', partition], { timeoutMs: 8000 })
        await mountNew(machine, partition, type, '/mnt/data')
        const before = await fill(machine, '/mnt/data/file', 4)
        const size = async (): Promise<number> => {
          const [blocks = 0, bytes = 0] = (await machine.run(['stat', '-f', '-c', '%b %S', '/mnt/data']))
            .split(' ')
            .map(Number)
          return (blocks * bytes) / 2 ** 20
        }
        const small = await size()
        expect(small).toBeLessThanOrEqual(320)
        await machine.run('umount /mnt/data', sudo)
        await machine.run(`echo ', +' | sfdisk --quiet -N 1 ${disk}`, sudo)
        await machine.run(['udevadm', 'settle'], sudo)
        await machine.run(
          `echo "${partition} /mnt/data ${type} noauto,x-systemd.growfs 0 0" >>/etc/fstab`,
          sudo,
        )
        await machine.run(['systemctl', 'daemon-reload'], sudo)
        await machine.run(['systemctl', 'start', 'mnt-data.mount'], sudo)
        await expect.poll(size, { timeoutMs: 12_000 * machine.slowness }).toBeGreaterThan(small + 250)
        await expect(machine).toHaveActiveUnit('systemd-growfs@mnt-data.service')
        expect(await digest(machine, '/mnt/data/file')).toBe(before)
      },
    )

    test(
      `full-${type}`,
      {
        description: `A full ${type} says so to who writes, keeps what it has, and takes more when there is room.`,
        features,
      },
      async ({ machine }) => {
        const [disk = ''] = await plugDisks(machine, ['data'], type === 'xfs' ? 320 : 128)
        await mountNew(machine, disk, type, '/mnt/data')
        const before = await fill(machine, '/mnt/data/file', 4)
        const flood = await machine.exec('dd if=/dev/zero of=/mnt/data/flood bs=1M conv=fsync', sudo)
        expect(flood.exitCode).not.toBe(0)
        expect(flood.stderr).toContain('No space left on device')
        expect(await digest(machine, '/mnt/data/file')).toBe(before)
        await machine.run('rm /mnt/data/flood && sync', sudo)
        await machine.run('dd if=/dev/zero of=/mnt/data/more bs=1M count=4 conv=fsync', sudo)
        await expect(machine).toHaveMount('/mnt/data', { fstype: type, options: ['rw'] })
      },
    )
  }

  test(
    'power-cut',
    {
      description:
        'After a power cut ext4, XFS and btrfs are mounted again with all that was synchronised before.',
      features: ['xfs', 'btrfs'],
      timeoutMs: 180_000,
    },
    async ({ machine }) => {
      const digests = new Map<string, string>()
      for (const [type] of types) {
        const [disk = ''] = await plugDisks(machine, [type], 320)
        await mountNew(machine, disk, type, `/mnt/${type}`)
        digests.set(type, await fill(machine, `/mnt/${type}/kept`, 4))
        // Still being written when the power goes.
        await machine.run(
          [
            'systemd-run',
            'sh',
            '-c',
            `while :; do dd if=/dev/urandom of=/mnt/${type}/busy bs=64k count=16 conv=fsync; done`,
          ],
          sudo,
        )
      }
      await machine.power('cut')
      await machine.power('on')
      for (const [type] of types) {
        await machine.run(['mount', '-t', type, `/dev/disk/by-id/virtio-${type}`, `/mnt/${type}`], sudo)
        expect(await digest(machine, `/mnt/${type}/kept`)).toBe(digests.get(type))
        await machine.run(`echo written >/mnt/${type}/after && sync`, sudo)
        await expect(machine).toHaveFile(`/mnt/${type}/after`, { content: 'written\n' })
      }
    },
  )
})
