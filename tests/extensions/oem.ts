// Extensions of the OEM, which Flatcar's initrd chooses at boot: one of the OEM partition or of ROOT, whichever fits the version that
// is booted, or what it can download.

import { buildExtension, describe, expect, test, type Machine } from '../../harness/index.ts'
import { merged, releaseOf } from './extension.ts'

const sudo = { sudo: true } as const
const LINK = '/etc/extensions/oem-sbx.raw'

/** An extension `oem-sbx` of the running version, in the guest at `path`. */
async function place(machine: Machine, path: string): Promise<void> {
  const { ID, VERSION_ID } = await releaseOf(machine)
  const release = { ID, VERSION_ID }
  const files = { 'usr/share/oem-sbx/marker': 'merged\n' }
  await machine.run(['mkdir', '-p', path.replace(/\/[^/]*$/, '')], sudo)
  await machine.writeFile(path, await buildExtension({ name: 'oem-sbx', release, files }))
}

const versionOf = async (machine: Machine): Promise<string> => (await releaseOf(machine)).VERSION_ID

describe('extensions.oem', { distros: ['flatcar'], tags: ['extensions'], timeoutMs: 300_000 }, () => {
  for (const [name, alias, versions, folder] of [
    ['boot', 'cl.sysext.boot', '>=3603.0.0', '/oem'],
    ['boot-old', 'cl.sysext.boot.old', '>=3481.0.0 <3603.0.0', '/usr/share/oem'],
  ] as const) {
    test(
      name,
      {
        description:
          'The initrd links the extension that fits: that of the OEM partition; that of ROOT when there is no other; an active one before one with a version.',
        aliases: [alias],
        versions,
      },
      async ({ machine }) => {
        const version = await versionOf(machine)
        const onOem = `${folder}/sysext/oem-sbx-${version}.raw`
        const onRoot = `/etc/flatcar/oem-sysext/oem-sbx-${version}.raw`
        await machine.run(`echo ID=sbx >${folder}/oem-release && rm -f ${LINK}`, sudo)
        const active = `${folder}/sysext/active-oem-sbx`
        await machine.run(`mkdir -p ${folder}/sysext && touch ${active}`, sudo)
        for (const [path, other] of [
          [onOem, onRoot],
          [onRoot, onOem],
        ] as const) {
          await machine.run(['rm', '-f', other], sudo)
          await place(machine, path)
          await machine.reboot()
          await expect(machine).toHaveFile(LINK, { type: 'link' })
          expect(await machine.run(['readlink', '-f', LINK])).toMatch(/oem-sbx-[^/]+\.raw$/)
          expect(await merged(machine)).toContain('oem-sbx')
          await expect(machine).toHaveFile('/usr/share/oem-sbx/marker', { content: 'merged\n' })
        }
        await machine.run(['rm', '-f', active, onOem, onRoot, LINK], sudo)
        await machine.reboot()
        await expect(machine).not.toHaveFile('/usr/share/oem-sbx/marker', { timeoutMs: 1 })
      },
    )
  }

  test(
    'download',
    {
      description:
        'An extension of the OEM that is nowhere on the disk is downloaded by the initrd, and merged.',
      aliases: ['cl.sysext.fallbackdownload'],
      versions: '>=3620.0.0',
      surroundings: ['internet'],
      tags: ['internet'],
    },
    async ({ machine }) => {
      const version = await versionOf(machine)
      await machine.run(`rm -f /oem/sysext/oem-qemu-*.raw /etc/flatcar/oem-sysext/oem-qemu-*.raw`, sudo)
      await machine.run(
        'mkdir -p /oem/sysext && touch /oem/sysext/active-oem-qemu && echo ID=qemu >/oem/oem-release',
        sudo,
      )
      await machine.run(['touch', '/boot/flatcar/first_boot'], sudo)
      await machine.reboot({ timeoutMs: 240_000 })
      expect(await merged(machine)).toContain('oem-qemu')
      await expect(machine).toHaveFile(`/oem/sysext/oem-qemu-${version}.raw`)
    },
  )

  test(
    'custom',
    {
      description:
        'An extension of the OEM that was built for this version is active after a reset of the machine.',
      aliases: ['sysext.custom-oem'],
      versions: '>=3603.0.0',
    },
    async ({ machine }) => {
      const version = await versionOf(machine)
      await place(machine, `/oem/sysext/oem-sbx-${version}.raw`)
      await machine.run('touch /oem/sysext/active-oem-sbx && echo ID=sbx >/oem/oem-release', sudo)
      await machine.run(
        ['flatcar-reset', '--keep-machine-id', '--keep-paths', '/var/log', '/home/core/.ssh'],
        sudo,
      )
      await machine.reboot()
      expect(await merged(machine)).toContain('oem-sbx')
      await expect(machine).toHaveFile('/usr/share/oem-sbx/marker', { content: 'merged\n' })
    },
  )
})
