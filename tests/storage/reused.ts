// A machine that is provisioned anew: what a config says of a filesystem that is there already is done, and no more.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { dataUrl } from '../ignition/data-url.ts'

const sudo = { sudo: true } as const
const disk = (serial: string): string => `/dev/disk/by-id/virtio-${serial}`

describe('storage', { distros: ['reference'], tags: ['system'] }, () => {
  test(
    'provisioned-again',
    {
      description:
        'When Ignition runs again a filesystem that fits is kept with its files, one to be wiped is made anew, and so are files of the config; the machine id and what else is there stay.',
      aliases: ['cl.osreset.ignition-rerun'],
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
      for (const folder of ['/etc', '/var/lib']) await machine.writeFile(`${folder}/sbx-kept`, 'kept\n')
      const id = await machine.run(['cat', '/etc/machine-id'])
      expect(id).toMatch(/^[0-9a-f]{32}$/)
      // What the guard of the initrd looks for.
      await machine.run('rm /boot/reference/ignition-done', sudo)
      await machine.reboot()
      await expect(machine).toHaveFile('/boot/reference/ignition-done')
      await expect(machine).toHaveFile('/etc/sbx-file', { content: 'of the config\n' })
      for (const folder of ['/etc', '/var/lib'])
        await expect(machine).toHaveFile(`${folder}/sbx-kept`, { content: 'kept\n' })
      expect(await machine.run(['cat', '/etc/machine-id'])).toBe(id)
      const after = [await uuid('kept'), await uuid('wiped')]
      expect(after[0]).toBe(before[0])
      expect(after[1]).not.toBe(before[1])
      for (const serial of ['kept', 'wiped']) await machine.run(`mount ${disk(serial)} /mnt/${serial}`, sudo)
      await expect(machine).toHaveFile('/mnt/kept/file', { content: 'data\n' })
      await expect(machine).not.toHaveFile('/mnt/wiped/file')
    },
  )

  test(
    'root-kept',
    {
      description:
        'A ROOT that is as the config wants it is not made anew: it is the same in a machine whose config does not mention it.',
      aliases: ['cl.ignition.v2_1.ext4checkexisting'],
      machines: 0,
      timeoutMs: 180_000,
    },
    async ({ cluster }) => {
      const root = '/dev/disk/by-partlabel/ROOT'
      const uuid = async (machine: Machine): Promise<string> =>
        await machine.run(['blkid', '-p', '-s', 'UUID', '-o', 'value', root], sudo)
      const untouched = await cluster.boot({ ignition: { ignition: { version: '3.0.0' } } })
      const mentioned = await cluster.boot({
        ignition: {
          ignition: { version: '3.0.0' },
          storage: {
            filesystems: [{ device: root, format: 'ext4', label: 'ROOT', wipeFilesystem: false }],
          },
        },
      })
      expect(await uuid(untouched)).toMatch(/^[0-9a-f-]{36}$/)
      expect(await uuid(mentioned)).toBe(await uuid(untouched))
      // It was looked at.
      await mentioned.journal.waitFor(
        /filesystem at "\/dev\/disk\/by-partlabel\/ROOT" is already correctly formatted/,
      )
    },
  )
})
