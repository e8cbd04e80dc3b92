// The order in which the firmware tries disks, and what it came up by.

import { expect, test } from '../../harness/index.ts'
import { LOADER, readBootEntries, readText, variablePath } from './efi-variables.ts'

const sudo = { sudo: true } as const
const disk = '/dev/disk/by-id/virtio-second'

/** The ESP that the boot loader was started from. */
const LOADER_ESP = 'LoaderDevicePartUUID'

test(
  'boot.order',
  {
    description:
      'A first disk that cannot be booted is passed over; once it has boot files the firmware starts those, with the root of the other.',
    tags: ['system'],
    firmwares: ['uefi', 'uefi-secure'],
    distros: ['reference'],
    firstBoot: true,
    disks: [{ serial: 'second', sizeMiB: 192 }],
    bootOrder: ['second', 'primary-disk'],
    expectedMessages: ['no-bootable-device'],
    timeoutMs: 120_000,
  },
  async ({ machine }) => {
    const uuidOf = async (partition: string): Promise<string> =>
      await machine.run(['lsblk', '--noheadings', '--output=PARTUUID', partition])
    const empty = await readBootEntries(machine)
    expect(empty.current).toBe(1)
    expect((await readText(machine, LOADER_ESP)).toLowerCase()).toBe(
      await uuidOf('/dev/disk/by-partlabel/ESP'),
    )
    await machine.console.waitFor(/BdsDxe: failed to load Boot[0-9A-F]{4} .*: Not Found/)
    await test.step('boot files on the other disk', async () => {
      // 0xEF00 is an EFI system partition.
      const table = ['--new=1:0:0', '--typecode=1:EF00', '--change-name=1:SECOND']
      await machine.run(['/usr/sbin/sgdisk', ...table, disk], sudo)
      await machine.run(['udevadm', 'settle'], sudo)
      await machine.run(['/usr/sbin/mkfs.vfat', `${disk}-part1`], sudo)
      const copy =
        'mkdir -p /run/second && mount "$1" /run/second && cp -r /boot/. /run/second/ && umount /run/second'
      await machine.run(['sh', '-c', copy, 'sh', `${disk}-part1`], sudo)
    })
    await machine.reboot()
    const after = await readBootEntries(machine)
    expect(after).toEqual({ order: empty.order, current: 0 })
    expect((await readText(machine, LOADER_ESP)).toLowerCase()).toBe(await uuidOf(`${disk}-part1`))
    await expect(machine).toRun(['test', '-e', variablePath('LoaderInfo', LOADER)])
    const root = await machine.run(['findmnt', '--noheadings', '--output=SOURCE', '/'])
    expect(root).toBe(await machine.run(['readlink', '-f', '/dev/disk/by-partlabel/ROOT']))
  },
)
