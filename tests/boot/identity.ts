// Who the machine says it is: os-release, machine-id, the kernel's arguments.

import { describe, expect, test } from '../../harness/index.ts'

describe('boot', { firstBoot: true, exclusive: false, distros: ['reference'] }, () => {
  test(
    'os-release',
    { description: 'os-release names the product, its version, channel and build.', tags: ['smoke'] },
    async ({ machine }) => {
      await expect(machine).toHaveFile('/usr/lib/os-release', {
        type: 'file',
        mode: 0o644,
        owner: 'root:root',
      })
      // Read as a shell reads it, as os-release(5) promises.
      const fields = [
        'ID',
        'ID_LIKE',
        'NAME',
        'VERSION_ID',
        'IMAGE_VERSION',
        'BUILD_ID',
        'SIGNALBOX_CHANNEL',
        'PRETTY_NAME',
      ]
      const text = await machine.run(
        `. /etc/os-release; printf '%s\\n' ${fields.map((name) => `"$${name}"`).join(' ')}`,
      )
      const [id, like, name, version, imageVersion, build, channel, pretty] = text.split('\n')
      expect(id).toBe('reference')
      expect(like).toBe('debian')
      expect(name).toBe('Signalbox Reference OS')
      expect(version).toMatch(/^\d+\.\d+\.\d+$/)
      expect(imageVersion).toBe(version)
      expect(build).toMatch(/^[0-9a-f]{12}$/)
      expect(channel).toMatch(/^[a-z]+$/)
      expect(pretty).toBe(`Signalbox Reference OS ${version} (${channel})`)
    },
  )

  test(
    'machine-id',
    {
      description:
        'The machine made itself a machine-id at first boot and keeps it on disk; the image ships none.',
      aliases: ['cl.basic'],
    },
    async ({ machine }) => {
      const id = (await machine.readFile('/etc/machine-id')).trim()
      expect(id).toMatch(/^[0-9a-f]{32}$/)
      expect(id).not.toMatch(/^0+$/)
      await expect(machine).toRun(['systemd-id128', 'machine-id'], { stdout: id })
      // While systemd-machine-id-commit has not run, a tmpfs with the id lies over the file.
      await expect(machine).toRun(['findmnt', '-M', '/etc/machine-id'], { exitCode: 1 })
      const shipped = await machine.exec(['cat', '/usr/share/reference/etc/machine-id'])
      expect(shipped.stdout.trim()).toMatch(/^(?:uninitialized)?$/)
    },
  )

  test(
    'disk-id',
    {
      description: 'Machines of one image have disks with different ids; the first boot made them.',
      aliases: ['cl.basic'],
      machines: 2,
      firstBoot: true,
      exclusive: true,
      tags: ['system'],
    },
    async ({ cluster }) => {
      const ids = await Promise.all(
        cluster.machines.map(async (machine) => {
          const disk = await machine.run('lsblk --noheadings --output=PKNAME /dev/disk/by-partlabel/ESP')
          return await machine.run(['lsblk', '--nodeps', '--noheadings', '--output=PTUUID', `/dev/${disk}`])
        }),
      )
      for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      expect(new Set(ids).size).toBe(ids.length)
    },
  )

  test(
    'kernel-arguments',
    {
      description:
        'The kernel was started as the recipe says: verified /usr, SELinux, restart after a panic.',
    },
    async ({ machine }) => {
      const words = (await machine.readFile('/proc/cmdline')).trim().split(' ')
      expect(words).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^usrhash=[0-9a-f]{64}$/),
          'root=LABEL=ROOT',
          'mount.usrflags=ro',
          'systemd.verity_usr_options=panic-on-corruption',
          'selinux=1',
        ]),
      )
      expect(Number((await machine.readFile('/proc/sys/kernel/panic')).trim())).toBeGreaterThan(0)
      expect(words.filter((word) => /^(?:init=|rd\.break|systemd\.debug_shell|single|1)/.test(word))).toEqual(
        [],
      )
    },
  )
})
