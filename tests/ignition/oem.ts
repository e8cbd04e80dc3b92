// The OEM partition: what a config writes into it, and what becomes of it when a config says how it is to be.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { dataUrl } from './data-url.ts'

const sudo = { sudo: true } as const
const OEM = '/dev/disk/by-partlabel/OEM'
const file = {
  path: '/oem/grub.cfg',
  overwrite: true,
  contents: { source: dataUrl('set linux_append="sbx"\n') },
}
const content = 'set linux_append="sbx"\n'

const uuidOf = async (machine: Machine): Promise<string> =>
  await machine.run(['blkid', '-p', '-s', 'UUID', '-o', 'value', OEM], sudo)

/** The file lies on the partition itself, beside what the image has there. */
async function expectWritten(machine: Machine): Promise<void> {
  await expect(machine).toHaveMount('/oem', { fstype: 'ext4' })
  const source = await machine.run(['findmnt', '--noheadings', '--output=SOURCE', '/oem'])
  expect(source).toBe(await machine.run(['readlink', '-f', OEM]))
  await expect(machine).toHaveFile('/oem/grub.cfg', { content })
  await expect(machine).toHaveFile('/oem/platform', { content: 'qemu\n' })
}

/** Ignition is run once more, as after a reset: it finds its own file there. */
async function runAgain(machine: Machine): Promise<void> {
  await machine.run('echo changed >/oem/grub.cfg && rm /boot/reference/ignition-done', sudo)
  await machine.reboot()
  await expect(machine).toHaveFile('/boot/reference/ignition-done')
}

/** The file is written on the partition that was there, also when Ignition runs once more. */
async function expectKept(machine: Machine): Promise<void> {
  const before = await uuidOf(machine)
  await expectWritten(machine)
  await runAgain(machine)
  await expectWritten(machine)
  expect(await uuidOf(machine)).toBe(before)
}

describe(
  'ignition.oem',
  { firstBoot: true, distros: ['reference'], tags: ['system'], timeoutMs: 150_000 },
  () => {
    test(
      'written',
      {
        description: 'A file of /oem is on the OEM partition, which is no other than before.',
        aliases: ['cl.ignition.oem.indirect.new'],
        ignition: { ignition: { version: '3.0.0' }, storage: { files: [file] } },
      },
      async ({ machine }) => await expectKept(machine),
    )

    test(
      'mounted',
      {
        description: 'A config that names the OEM partition with its path writes into it all the same.',
        aliases: ['cl.ignition.oem.regular.new', 'cl.ignition.oem.reuse'],
        ignition: {
          ignition: { version: '3.0.0' },
          storage: {
            filesystems: [{ device: OEM, format: 'ext4', path: '/oem', wipeFilesystem: false }],
            files: [file],
          },
        },
      },
      async ({ machine }) => await expectKept(machine),
    )

    test(
      'wiped',
      {
        description: 'An OEM partition that is to be wiped is made anew: what the image had there is gone.',
        aliases: ['cl.ignition.oem.wipe'],
        ignition: {
          ignition: { version: '3.0.0' },
          storage: {
            filesystems: [
              { device: OEM, format: 'ext4', label: 'OEM-ANEW', path: '/oem', wipeFilesystem: true },
            ],
            files: [file],
          },
        },
      },
      async ({ machine }) => {
        await expect(machine).toHaveMount('/oem', { fstype: 'ext4' })
        await expect(machine).toHaveFile('/oem/grub.cfg', { content })
        await expect(machine).not.toHaveFile('/oem/platform', { timeoutMs: 1 })
        await expect(machine).toRun(['blkid', '-p', '-s', 'LABEL', '-o', 'value', OEM], {
          ...sudo,
          stdout: /^OEM-ANEW$/m,
        })
      },
    )
  },
)
