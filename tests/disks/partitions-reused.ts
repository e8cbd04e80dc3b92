// A disk that has partitions already, given to Ignition with another config: what fits stays, the rest becomes what the config says.

import { describe, expect, test, type Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const
const disk = (serial: string): string => `/dev/disk/by-id/virtio-${serial}`
const part = (label: string): string => `/dev/disk/by-partlabel/${label}`
const version = '3.3.0'
const linuxHome = '933ac7e1-2eb4-4f13-b844-0e14e2aef915'

const first = {
  ignition: { version },
  storage: {
    disks: [
      {
        device: disk('parts'),
        wipeTable: true,
        partitions: [
          { number: 1, label: 'sbx-kept', startMiB: 1, sizeMiB: 32 },
          { number: 2, label: 'sbx-grown', startMiB: 40, sizeMiB: 16, typeGuid: linuxHome },
          { number: 3, label: 'sbx-gone', startMiB: 80, sizeMiB: 16 },
          { number: 4, label: 'sbx-old', startMiB: 100, sizeMiB: 16 },
          // Wherever there is room, with a number that is free.
          { number: 0, label: 'sbx-anywhere', sizeMiB: 16 },
        ],
      },
    ],
    filesystems: [
      {
        device: part('sbx-kept'),
        path: '/var/kept',
        format: 'ext4',
        label: 'KEPT',
        options: ['-m', '0', '-I', '1024'],
        mountOptions: ['noatime', 'data=writeback'],
      },
      { device: disk('bare'), format: 'ext4' },
    ],
    files: [{ path: '/var/kept/file', contents: { source: 'data:,kept' } }],
  },
}

const second = {
  ignition: { version },
  storage: {
    disks: [
      {
        device: disk('parts'),
        partitions: [
          // May be made anew, and need not: it fits.
          { number: 1, label: 'sbx-kept', sizeMiB: 32, wipePartitionEntry: true },
          { number: 2, label: 'sbx-grown', sizeMiB: 32, resize: true },
          { number: 3, shouldExist: false, wipePartitionEntry: true },
          { number: 4, label: 'sbx-new', startMiB: 200, sizeMiB: 24, wipePartitionEntry: true },
          { number: 9, shouldExist: false },
        ],
      },
    ],
    filesystems: [
      { device: part('sbx-kept'), format: 'ext4', label: 'KEPT' },
      { device: disk('bare'), format: 'none', wipeFilesystem: true },
    ],
  },
}

interface Partition {
  readonly partn: number | null
  readonly partlabel: string
  readonly partuuid: string
  readonly parttype: string
  readonly start: number
  readonly size: number
}

/** By label; places and sizes in MiB. */
async function partitions(machine: Machine): Promise<ReadonlyMap<string, Partition>> {
  const columns = 'PARTN,PARTLABEL,PARTUUID,PARTTYPE,START,SIZE'
  const text = await machine.run(['lsblk', '--json', '--list', '--bytes', '--output', columns, disk('parts')])
  const { blockdevices } = JSON.parse(text) as { readonly blockdevices: readonly Partition[] }
  const found = blockdevices.filter(({ partn }) => partn !== null)
  return new Map(
    found.map((each) => [
      each.partlabel,
      { ...each, start: each.start / 2048, size: each.size / (1024 * 1024) },
    ]),
  )
}

describe('ignition', { firstBoot: true, distros: ['reference'], tags: ['ignition', 'system'] }, () => {
  test(
    'partitions-reused',
    {
      description:
        'With another config a partition that fits is kept, and others are grown with their data, made anew elsewhere, and taken away; a filesystem is wiped.',
      disks: [
        { serial: 'parts', sizeMiB: 256 },
        { serial: 'bare', sizeMiB: 32 },
      ],
      timeoutMs: 180_000,
      ignition: ({ http }) => ({
        ignition: {
          version,
          config: { replace: { source: http.serve('/disks.ign', JSON.stringify(first)) } },
        },
      }),
    },
    async ({ machine, http }) => {
      const before = await partitions(machine)
      const placed = ['kept', 'grown', 'gone', 'old'].map((name) => before.get(`sbx-${name}`))
      expect(placed.map((each) => [each?.partn, each?.start, each?.size])).toEqual([
        [1, 1, 32],
        [2, 40, 16],
        [3, 80, 16],
        [4, 100, 16],
      ])
      expect(before.get('sbx-anywhere')).toMatchObject({ partn: 5, size: 16 })
      expect(before.size).toBe(5)
      expect(before.get('sbx-grown')?.parttype).toBe(linuxHome)
      await test.step('options', async () => {
        const made = await machine.run(['/usr/sbin/tune2fs', '-l', part('sbx-kept')], sudo)
        expect(made).toMatch(/^Reserved block count: +0$/m)
        expect(made).toMatch(/^Inode size:\s+1024$/m)
        const device = (await machine.run(['readlink', '-f', part('sbx-kept')])).replace('/dev/', '')
        const mounted = await machine.run('journalctl --boot --dmesg --output=cat', sudo)
        expect(mounted).toMatch(
          new RegExp(`^EXT4-fs \\(${device}\\): mounted filesystem .* r/w with writeback data mode`, 'm'),
        )
      })
      await machine.run(['sh', '-c', `echo in the old place | dd of=${part('sbx-old')} conv=fsync`], sudo)
      await machine.run(['sh', '-c', `echo data | dd of=${part('sbx-grown')} conv=fsync`], sudo)
      expect(await machine.run(['blkid', '-p', '-s', 'TYPE', '-o', 'value', disk('bare')], sudo)).toBe('ext4')

      http.serve('/disks.ign', JSON.stringify(second))
      // What the guard of the initrd looks for.
      await machine.run('rm /boot/reference/ignition-done', sudo)
      await machine.reboot()

      const after = await partitions(machine)
      expect(after.get('sbx-kept')).toEqual(before.get('sbx-kept'))
      await machine.run(['mount', part('sbx-kept'), '/mnt'], sudo)
      await expect(machine).toHaveFile('/mnt/file', { content: 'kept' })
      expect(after.get('sbx-grown')).toEqual({ ...before.get('sbx-grown'), size: 32 })
      await expect(machine).toRun(['head', '--lines=1', part('sbx-grown')], { sudo: true, stdout: /^data$/m })
      expect(after.has('sbx-gone')).toBe(false)
      expect(after.has('sbx-old')).toBe(false)
      expect(after.get('sbx-new')).toMatchObject({ partn: 4, start: 200, size: 24 })
      expect(after.get('sbx-new')?.partuuid).not.toBe(before.get('sbx-old')?.partuuid)
      // Not spoken of.
      expect(after.get('sbx-anywhere')).toEqual(before.get('sbx-anywhere'))
      expect(after.size).toBe(4)
      // 2: nothing to be found.
      expect((await machine.exec(['blkid', '-p', disk('bare')], sudo)).exitCode).toBe(2)
    },
  )
})
