// A machine that is provisioned anew: what a config says of a filesystem that is there already is done, and no more.

import { describe, expect, test } from '../../harness/index.ts'
import { dataUrl } from '../ignition/data-url.ts'

const sudo = { sudo: true } as const
const disk = (serial: string): string => `/dev/disk/by-id/virtio-${serial}`

describe('storage', { distros: ['reference'], tags: ['storage', 'system'] }, () => {
  test(
    'provisioned-again',
    {
      description:
        'When Ignition runs again a filesystem that fits is kept with its files, one to be wiped is made anew, and so are files.',
      aliases: ['cl.ignition.v2_1.ext4checkexisting', 'cl.osreset.ignition-rerun'],
      firstBoot: true,
      timeoutMs: 150_000,
      disks: [
        { serial: 'kept', sizeMiB: 64 },
        { serial: 'wiped', sizeMiB: 64 },
      ],
      ignition: {
        ignition: { version: '3.0.0' },
        storage: {
          filesystems: [
            { device: disk('kept'), format: 'ext4', label: 'KEPT', wipeFilesystem: false },
            { device: disk('wiped'), format: 'ext4', label: 'WIPED', wipeFilesystem: true },
          ],
          files: [
            { path: '/etc/sbx-file', overwrite: true, contents: { source: dataUrl('of the config\n') } },
          ],
        },
      },
    },
    async ({ machine }) => {
      const uuid = async (serial: string): Promise<string> =>
        await machine.run(['blkid', '-p', '-s', 'UUID', '-o', 'value', disk(serial)], sudo)
      const before = [await uuid('kept'), await uuid('wiped')]
      for (const serial of ['kept', 'wiped'])
        await machine.run(
          `mkdir /mnt/${serial} && mount ${disk(serial)} /mnt/${serial} && echo data >/mnt/${serial}/file`,
          sudo,
        )
      await machine.writeFile('/etc/sbx-file', 'changed\n')
      // What the guard of the initrd looks for.
      await machine.run('rm /boot/reference/ignition-done', sudo)
      await machine.reboot()
      await expect(machine).toHaveFile('/boot/reference/ignition-done')
      await expect(machine).toHaveFile('/etc/sbx-file', { content: 'of the config\n' })
      const after = [await uuid('kept'), await uuid('wiped')]
      expect(after[0]).toBe(before[0])
      expect(after[1]).not.toBe(before[1])
      for (const serial of ['kept', 'wiped']) await machine.run(`mount ${disk(serial)} /mnt/${serial}`, sudo)
      await expect(machine).toHaveFile('/mnt/kept/file', { content: 'data\n' })
      await expect(machine).not.toHaveFile('/mnt/wiped/file')
    },
  )
})
