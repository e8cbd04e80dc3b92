// A partition more on the disk that the machine boots from.

import { describe, expect, test } from '../../harness/index.ts'

const VAR = '/dev/disk/by-partlabel/VAR'
const mount = `[Unit]\nBefore=local-fs.target\n[Mount]\nWhat=${VAR}\nWhere=/var\nType=ext4\n[Install]\nRequiredBy=local-fs.target\n`

describe('ignition', { firstBoot: true, distros: ['reference'] }, () => {
  test(
    'boot-disk',
    {
      description:
        'A tenth partition of the boot disk is made at its place and is /var; ROOT grows up to it, and no further.',
      aliases: ['cl.ignition.partition_on_boot_disk'],
      primaryDiskMiB: 4096,
      ignition: {
        ignition: { version: '3.0.0' },
        storage: {
          disks: [
            { device: '/dev/vda', partitions: [{ number: 10, label: 'VAR', startMiB: 3072, sizeMiB: 512 }] },
          ],
          filesystems: [{ device: VAR, format: 'ext4', path: '/var', wipeFilesystem: true }],
        },
        systemd: { units: [{ name: 'var.mount', enabled: true, contents: mount }] },
      },
      timeoutMs: 120_000,
    },
    async ({ machine }) => {
      const MiB = 1024 * 1024
      const expectPlace = async (): Promise<void> => {
        await expect(machine).toHaveMount('/var', { fstype: 'ext4', options: ['rw'] })
        const text = await machine.run([
          'lsblk',
          '--json',
          '--list',
          '--bytes',
          '--output=PARTN,PARTLABEL,START,SIZE',
          '/dev/vda',
        ])
        const { blockdevices } = JSON.parse(text) as {
          readonly blockdevices: readonly {
            readonly partn: number | null
            readonly partlabel: string | null
            readonly start: number | null
            readonly size: number
          }[]
        }
        const made = blockdevices.find(({ partn }) => partn === 10)
        expect(made).toMatchObject({ partlabel: 'VAR', start: 3072 * 2048, size: 512 * MiB })
        const root = blockdevices.find(({ partlabel }) => partlabel === 'ROOT')
        const end = (root?.start ?? 0) * 512 + (root?.size ?? 0)
        expect(end).toBeGreaterThan(3000 * MiB)
        expect(end).toBeLessThanOrEqual(3072 * MiB)
      }
      await expectPlace()
      await machine.run('echo kept >/var/lib/sbx-kept && sync', { sudo: true })
      await machine.reboot()
      await expectPlace()
      await expect(machine).toHaveFile('/var/lib/sbx-kept', { content: 'kept\n' })
      await expect(machine).toHaveNoFailedUnits()
    },
  )
})
