// ROOT as a config wants it: another filesystem, an array of two partitions. It is that in the first boot and in all others.

import { describe, expect, test, type Machine } from '../../harness/index.ts'

const sudo = { sudo: true } as const
const ROOT = '/dev/disk/by-partlabel/ROOT'
const uuid = '726f6f74-5a5a-4a5a-8a5a-7369676e616c'

/** What `/` is mounted from: filesystem, label and id. */
async function rootOf(machine: Machine): Promise<readonly string[]> {
  const text = await machine.run(['findmnt', '--noheadings', '--raw', '--output=FSTYPE,LABEL,UUID', '/'])
  return text.split(' ')
}

async function expectFilesystem(machine: Machine, expected: readonly string[]): Promise<void> {
  expect(await rootOf(machine)).toEqual(expected)
  // All of the system is on it, and it is as large as it can be.
  await expect(machine).toHaveMount('/etc', { fstype: 'overlay', options: ['rw'] })
  await expect(machine).toHaveFile('/home/core', { type: 'directory', owner: 'core:core' })
  await expect(machine).toHaveNoFailedUnits()
}

async function surviveReboot(machine: Machine): Promise<void> {
  await machine.run('echo kept >/etc/sbx-kept && echo kept >/var/lib/sbx-kept && sync', sudo)
  await machine.reboot()
  for (const path of ['/etc/sbx-kept', '/var/lib/sbx-kept'])
    await expect(machine).toHaveFile(path, { content: 'kept\n' })
}

describe(
  'storage.root',
  { firstBoot: true, distros: ['reference'], tags: ['system'], timeoutMs: 150_000 },
  () => {
    for (const [format, features] of [
      ['ext4', []],
      ['xfs', ['xfs']],
      ['btrfs', ['btrfs']],
    ] as const) {
      test(
        format,
        {
          description: `Ignition makes ROOT anew as ${format} with the id of the config; the system is on it, after a reboot too.`,
          aliases: [`cl.ignition.v1.${format}root`, `cl.ignition.v2.${format}root`],
          features,
          ignition: {
            ignition: { version: '3.0.0' },
            storage: {
              filesystems: [{ device: ROOT, format, label: 'ROOT', uuid, wipeFilesystem: true }],
            },
          },
        },
        async ({ machine }) => {
          await expectFilesystem(machine, [format, 'ROOT', uuid])
          await surviveReboot(machine)
          await expectFilesystem(machine, [format, 'ROOT', uuid])
        },
      )
    }

    for (const level of ['raid0', 'raid1'] as const) {
      test(
        level,
        {
          description: `ROOT is an array of level ${level.slice(4)} over two partitions of another disk, put together in every boot.`,
          aliases: [`cl.disk.${level}.root`],
          features: ['mdadm'],
          disks: [{ serial: 'pair', sizeMiB: 520 }],
          ignition: {
            ignition: { version: '3.0.0' },
            storage: {
              disks: [
                {
                  device: '/dev/disk/by-id/virtio-pair',
                  wipeTable: true,
                  partitions: [1, 2].map((number) => ({ number, label: `root${number}`, sizeMiB: 256 })),
                },
              ],
              raid: [
                {
                  name: 'rootarray',
                  level,
                  devices: ['/dev/disk/by-partlabel/root1', '/dev/disk/by-partlabel/root2'],
                },
              ],
              filesystems: [
                { device: '/dev/md/rootarray', format: 'ext4', label: 'ROOT', uuid, wipeFilesystem: true },
                // Two of that name would be one too many.
                { device: ROOT, format: 'ext4', label: 'wasteland', wipeFilesystem: true },
              ],
            },
          },
        },
        async ({ machine }) => {
          const expectArray = async (): Promise<void> => {
            await expectFilesystem(machine, ['ext4', 'ROOT', uuid])
            const device = await machine.run(['findmnt', '--noheadings', '--output=SOURCE', '/'])
            const details = await machine.run(['mdadm', '--detail', device], sudo)
            expect(/Raid Level : (\S+)/.exec(details)?.[1]).toBe(level)
            expect(Number(/Active Devices : (\d+)/.exec(details)?.[1])).toBe(2)
          }
          await expectArray()
          await surviveReboot(machine)
          await expectArray()
        },
      )
    }
  },
)
