// Configs of the specifications before 3, which Flatcar's Ignition translates.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { dataUrl } from './data-url.ts'

const network = '[Match]\nType=!vlan bond bridge\nName=sbx0\n\n[Network]\nAddress=10.71.0.1/24\n'

describe('ignition.old-specs', { distros: ['flatcar'], firstBoot: true }, () => {
  test(
    'translated',
    {
      description:
        'Networkd units of spec 2.3 are in force; a link whose path is how a file begins is no folder of it.',
      aliases: ['cl.ignition.translation'],
      ignition: {
        ignition: { version: '2.3.0' },
        networkd: {
          units: [
            { name: '00-dummy.netdev', contents: '[NetDev]\nName=sbx0\nKind=dummy\n' },
            { name: '00-dummy.network', contents: network },
          ],
        },
        storage: {
          files: [
            {
              filesystem: 'root',
              path: '/opt/sbx/linked-to',
              contents: { source: 'data:,behind' },
              mode: 420,
            },
          ],
          links: [{ filesystem: 'root', path: '/opt/sbx/link', target: '/opt/sbx/linked-to' }],
        },
      },
    },
    async ({ machine }) => {
      await expect(machine).toHaveFile('/etc/systemd/network/00-dummy.network', { content: network })
      const address = ['ip', '-4', '-brief', 'address', 'show', 'sbx0']
      await expect(machine).toRun(address, { stdout: / 10\.71\.0\.1\/24/, timeoutMs: 15_000 })
      await expect(machine).toHaveFile('/opt/sbx/link', { type: 'link', target: '/opt/sbx/linked-to' })
      await expect(machine).toRun(['cat', '/opt/sbx/link'], { stdout: /^behind$/ })
    },
  )
})

test(
  'ignition.kernel-arguments',
  {
    description:
      'An argument that a config wants is one of the running kernel, after the reboot that this takes.',
    // Of Debian's Ignition the helper that knows the loader is empty.
    distros: ['flatcar'],
    aliases: ['cl.ignition.kargs'],
    versions: '>=3185.0.0',
    firstBoot: true,
    ignition: { ignition: { version: '3.3.0' }, kernelArguments: { shouldExist: ['sbx.argument=1'] } },
    timeoutMs: 120_000,
  },
  async ({ machine }) => {
    const words = (await machine.readFile('/proc/cmdline')).trim().split(' ')
    expect(words).toContain('sbx.argument=1')
  },
)

const GRUB = 'set linux_append="sbx"\n'
const OEM = '/dev/disk/by-label/OEM'

/** The file can be read there, and it lies on the OEM partition, of that type. */
async function expectOnOem(machine: Machine, folder: string, type: string): Promise<void> {
  await expect(machine).toHaveFile(`${folder}/grub.cfg`, { content: GRUB })
  const where = ['findmnt', '--noheadings', '--output=SOURCE,FSTYPE', '--target', `${folder}/grub.cfg`]
  const [source, fstype] = (await machine.run(where)).split(/\s+/)
  expect([source, fstype]).toEqual([await machine.run(['readlink', '-f', OEM]), type])
}

describe('ignition.oem', { distros: ['flatcar'], firstBoot: true, timeoutMs: 150_000 }, () => {
  for (const [name, alias, versions, folder, isNamed] of [
    ['old-place', 'cl.ignition.oem.regular', '>=3549.0.0', '/usr/share/oem', true],
    ['old-place-unnamed', 'cl.ignition.oem.indirect', '>=3550.0.0', '/usr/share/oem', false],
    ['place', 'cl.ignition.oem.regular.new', '>=3620.0.0', '/oem', true],
    ['place-unnamed', 'cl.ignition.oem.indirect.new', '>=3620.0.0', '/oem', false],
  ] as const) {
    test(
      name,
      {
        description: `A file for ${folder} is on the OEM partition, which stays btrfs; so it is when Ignition runs again.`,
        aliases: [alias],
        versions,
        ignition: {
          ignition: { version: '3.0.0' },
          storage: {
            filesystems: isNamed ? [{ device: OEM, format: 'btrfs', path: folder }] : [],
            files: [
              {
                path: `${folder}/grub.cfg`,
                overwrite: true,
                mode: 420,
                contents: { source: dataUrl(GRUB) },
              },
            ],
          },
        },
      },
      async ({ machine }) => {
        await expectOnOem(machine, folder, 'btrfs')
        await machine.run(['touch', '/boot/flatcar/first_boot'], { sudo: true })
        await machine.reboot()
        await expectOnOem(machine, folder, 'btrfs')
      },
    )
  }

  for (const [name, wipeFilesystem, type, description] of [
    ['reuse', false, 'btrfs', 'A config of spec 2 that takes the OEM partition for ext4 leaves it btrfs.'],
    ['wipe', true, 'ext4', 'A config of spec 2 that wipes the OEM partition makes it the ext4 it asks for.'],
  ] as const) {
    test(
      name,
      {
        description,
        aliases: [`cl.ignition.oem.${name}`],
        versions: '>=2983.0.0',
        ignition: {
          ignition: { version: '2.3.0' },
          storage: {
            filesystems: [
              {
                name: 'oem',
                mount: {
                  device: OEM,
                  format: 'ext4',
                  ...(wipeFilesystem && { wipeFilesystem, label: 'OEM' }),
                },
              },
            ],
            files: [{ filesystem: 'oem', path: '/grub.cfg', mode: 420, contents: { source: dataUrl(GRUB) } }],
          },
        },
      },
      async ({ machine }) => {
        await expectOnOem(machine, '/usr/share/oem', type)
        // A wiped one is not booted from again: https://github.com/flatcar/Flatcar/issues/514
        if (wipeFilesystem) return
        await machine.run(['touch', '/boot/flatcar/first_boot'], { sudo: true })
        await machine.reboot()
        await expectOnOem(machine, '/usr/share/oem', type)
      },
    )
  }
})
