// Configs of the specifications before 3, which Flatcar's Ignition translates.

import { describe, expect, test } from '../../harness/index.ts'

describe('ignition.old-specs', { distros: ['flatcar'], firstBoot: true, tags: ['ignition'] }, () => {
  test(
    'translated',
    {
      description:
        'Networkd units, links and files below them of spec 2.3 are where spec 3 would have put them.',
      aliases: ['cl.ignition.translation'],
      ignition: {
        ignition: { version: '2.3.0' },
        networkd: { units: [{ name: '00-dummy.network', contents: '[Match]\nName=sbx0\n' }] },
        storage: {
          files: [
            {
              filesystem: 'root',
              path: '/opt/sbx/target/file',
              contents: { source: 'data:,behind' },
              mode: 420,
            },
          ],
          links: [{ filesystem: 'root', path: '/opt/sbx/link', target: '/opt/sbx/target' }],
        },
      },
    },
    async ({ machine }) => {
      await expect(machine).toHaveFile('/etc/systemd/network/00-dummy.network', {
        content: '[Match]\nName=sbx0\n',
      })
      await expect(machine).toHaveFile('/opt/sbx/link', { type: 'link', target: '/opt/sbx/target' })
      await expect(machine).toRun(['cat', '/opt/sbx/link/file'], { stdout: 'behind' })
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
    tags: ['ignition'],
    firstBoot: true,
    ignition: { ignition: { version: '3.3.0' }, kernelArguments: { shouldExist: ['sbx.argument=1'] } },
    timeoutMs: 120_000,
  },
  async ({ machine }) => {
    const words = (await machine.readFile('/proc/cmdline')).trim().split(' ')
    expect(words).toContain('sbx.argument=1')
  },
)

const grub = {
  path: '/usr/share/oem/grub.cfg',
  contents: { source: 'data:,set%20linux_append%3D%22sbx%22%0A' },
}

describe(
  'ignition.oem',
  { distros: ['flatcar'], firstBoot: true, tags: ['ignition'], timeoutMs: 150_000 },
  () => {
    for (const [name, alias, version, filesystems] of [
      [
        'old-place',
        'cl.ignition.oem.regular',
        '>=3549.0.0',
        [{ device: '/dev/disk/by-label/OEM', format: 'btrfs', path: '/usr/share/oem' }],
      ],
      ['old-place-unnamed', 'cl.ignition.oem.indirect', '>=3550.0.0', []],
    ] as const) {
      test(
        name,
        {
          description:
            'A file for where the OEM partition was mounted in older versions is on it, which stays btrfs; so it is when Ignition runs again.',
          aliases: [alias],
          versions: version,
          ignition: {
            ignition: { version: '3.0.0' },
            storage: { filesystems, files: [{ ...grub, overwrite: true }] },
          },
        },
        async ({ machine }) => {
          const expectWritten = async (): Promise<void> => {
            await expect(machine).toHaveMount('/oem', { fstype: 'btrfs' })
            await expect(machine).toHaveFile('/oem/grub.cfg', { content: 'set linux_append="sbx"\n' })
          }
          await expectWritten()
          await machine.run(['touch', '/boot/flatcar/first_boot'], { sudo: true })
          await machine.reboot()
          await expectWritten()
        },
      )
    }
  },
)
