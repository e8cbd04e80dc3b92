// Extensions of the OEM and those that are enabled by name, which Flatcar's initrd chooses at boot: of the OEM partition, of ROOT, or
// what it can download.

import { describe, expect, skip, test, type Machine } from '../../harness/index.ts'
import { merged } from './extension.ts'

const sudo = { sudo: true } as const
const OEM_LINK = '/etc/extensions/oem-sbx.raw'
const NAMED_LINK = '/etc/extensions/flatcar-sbx.raw'
const NAMED = '/etc/flatcar/sysext'
const ROOT = '/etc/flatcar/oem-sysext'

/** What names of files go by; VERSION_ID lacks what follows a `+`. */
const versionOf = async (machine: Machine): Promise<string> =>
  await machine.run('. /usr/lib/os-release; echo "$VERSION"')

/**
 * An extension of the running version, in the guest at `path`. Made there, as ext4: older kernels of Flatcar have no EROFS.
 */
async function place(machine: Machine, name: string, path: string): Promise<void> {
  await machine.run(
    `set -eu
     . /usr/lib/os-release
     tree=$(mktemp -d)
     mkdir -p $tree/usr/share/${name} $tree/usr/lib/extension-release.d "$(dirname ${path})"
     echo merged > $tree/usr/share/${name}/marker
     printf 'ID=%s\\nVERSION_ID=%s\\n' "$ID" "$VERSION_ID" > $tree/usr/lib/extension-release.d/extension-release.${name}
     chmod -R a+rX $tree
     mkfs.ext4 -q -d $tree ${path} 1M
     rm -r $tree`,
    sudo,
  )
}

async function expectMerged(machine: Machine, ...names: readonly string[]): Promise<void> {
  await expect
    .poll(async () => await merged(machine), { timeoutMs: 15_000 * machine.slowness })
    .toEqual(expect.arrayContaining(names))
  for (const name of names)
    await expect(machine).toHaveFile(`/usr/share/${name}/marker`, { content: 'merged\n' })
}

describe('extensions.oem', { distros: ['flatcar'], timeoutMs: 300_000 }, () => {
  for (const [name, alias, versions, folder] of [
    ['boot', 'cl.sysext.boot', '>=3603.0.0', '/oem'],
    ['boot-old', 'cl.sysext.boot.old', '>=3481.0.0 <3603.0.0', '/usr/share/oem'],
  ] as const) {
    test(
      name,
      {
        description:
          'The initrd links the extensions of the version that is booted, and keeps the OEM’s on the OEM partition: the new one is moved there, the old one from there to ROOT.',
        aliases: [alias],
        versions,
        timeoutMs: 450_000,
      },
      async ({ machine, cluster }) => {
        const version = await versionOf(machine)
        const onOem = (of: string): string => `${folder}/sysext/oem-sbx-${of}.raw`
        const onRoot = (of: string): string => `${ROOT}/oem-sbx-${of}.raw`
        const named = (of: string): string => `${NAMED}/flatcar-sbx-${of}.raw`
        const link = async (target: string, path: string): Promise<void> =>
          void (await machine.run(['ln', '-fs', target, path], sudo))
        const expectLinks = async (on: Machine): Promise<void> => {
          expect(await on.run(['readlink', '-f', OEM_LINK])).toBe(onOem(version))
          expect(await on.run(['readlink', '-f', NAMED_LINK])).toBe(named(version))
        }
        await machine.run(`mkdir -p ${folder}/sysext ${ROOT} ${NAMED} /etc/extensions`, sudo)
        await machine.run(
          `echo ID=sbx >${folder}/oem-release && echo sbx >/etc/flatcar/enabled-sysext.conf && touch ${folder}/sysext/active-oem-sbx`,
          sudo,
        )
        await place(machine, 'flatcar-sbx', named(version))
        await machine.run(['touch', named('1.2.3')], sudo)
        await test.step('both on ROOT: the new one is moved, the old one stays', async () => {
          await place(machine, 'oem-sbx', onRoot(version))
          await machine.run(['touch', onRoot('1.2.3')], sudo)
          await link(onRoot('1.2.3'), OEM_LINK)
          await link(named('1.2.3'), NAMED_LINK)
          await machine.reboot()
          await expectLinks(machine)
          await expect(machine).not.toHaveFile(onRoot(version), { timeoutMs: 1 })
          await expect(machine).toHaveFile(onRoot('1.2.3'))
          await expectMerged(machine, 'oem-sbx', 'flatcar-sbx')
        })
        await test.step('the old one on the OEM partition, the new one on ROOT: they change places', async () => {
          await machine.run(['mv', onOem(version), onRoot(version)], sudo)
          await machine.run(['mv', onRoot('1.2.3'), onOem('1.2.3')], sudo)
          await link(onOem('1.2.3'), OEM_LINK)
          await link(named('1.2.3'), NAMED_LINK)
          await machine.reboot()
          await expectLinks(machine)
          await expect(machine).toHaveFile(onRoot('1.2.3'))
          for (const gone of [onOem('1.2.3'), onRoot(version)])
            await expect(machine).not.toHaveFile(gone, { timeoutMs: 1 })
          await expectMerged(machine, 'oem-sbx', 'flatcar-sbx')
        })
        await test.step('no old one, and Ignition in the same boot', async () => {
          // Empty images, which nobody can merge.
          const units = ['systemd-sysext.service', 'ensure-sysext.service'].map((unit) => ({
            name: unit,
            mask: true,
          }))
          const files = [
            [`${folder}/oem-release`, 'data:,ID=sbx%0A'],
            [`${folder}/sysext/active-oem-sbx`, 'data:,'],
            [onOem(version), 'data:,'],
            ['/etc/flatcar/enabled-sysext.conf', 'data:,sbx%0A'],
            [named(version), 'data:,'],
          ].map(([path, source]) => ({ path, overwrite: true, contents: { source } }))
          const filesystems = [{ device: '/dev/disk/by-label/OEM', format: 'btrfs', path: folder }]
          const other = await cluster.boot({
            ignition: {
              ignition: { version: '3.0.0' },
              storage: { filesystems, files },
              systemd: { units },
            },
          })
          await expectLinks(other)
        })
      },
    )
  }

  test(
    'download',
    {
      description:
        'An extension of the OEM that is nowhere on the disk is downloaded by the initrd, and linked.',
      aliases: ['cl.sysext.fallbackdownload'],
      versions: '>=3620.0.0',
      // An image signed with the developers' key whose build lies on bincache: the initrd asks there, and knows no other key.
      features: ['bincache-build'],
      surroundings: ['internet'],
      tags: ['internet'],
    },
    async ({ machine }) => {
      const key = await machine.run(['md5sum', '/usr/share/update_engine/update-payload-key.pub.pem'])
      if (!key.startsWith('7192addf4a7f890c0057d21653eff2ea '))
        skip('needs an image with the key of developers')
      const version = await versionOf(machine)
      const board = await machine.run('. /usr/share/flatcar/release; echo "${FLATCAR_RELEASE_BOARD%-usr}"')
      const build = `https://bincache.flatcar-linux.net/images/${board}/${version}/version.txt`
      const found = await machine.exec(['curl', '--silent', '--fail', '--head', '--max-time', '60', build])
      if (found.exitCode !== 0) skip('needs an image whose build lies on bincache')
      await expect(machine).not.toHaveFile('/etc/extensions/oem-qemu.raw', { timeoutMs: 1 })
      await machine.run(
        'mkdir -p /oem/sysext && touch /oem/sysext/active-oem-qemu && echo ID=qemu >/oem/oem-release',
        sudo,
      )
      await machine.reboot({ timeoutMs: 240_000 })
      const target = await machine.run(['readlink', '-f', '/etc/extensions/oem-qemu.raw'])
      await expect(machine).toHaveFile(target, { type: 'file' })
      await expect
        .poll(async () => await merged(machine), { timeoutMs: 15_000 * machine.slowness })
        .toContain('oem-qemu')
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
      await place(machine, 'oem-sbx', `/oem/sysext/oem-sbx-${await versionOf(machine)}.raw`)
      await machine.run('touch /oem/sysext/active-oem-sbx && echo ID=sbx >/oem/oem-release', sudo)
      await machine.run(
        ['flatcar-reset', '--keep-machine-id', '--keep-paths', '/var/log', '/home/core/.ssh'],
        sudo,
      )
      await machine.reboot()
      await expectMerged(machine, 'oem-sbx')
      const known = JSON.parse(
        await machine.run(['systemd-sysext', 'list', '--json=short'], sudo),
      ) as readonly object[]
      expect(known).toContainEqual(expect.objectContaining({ name: 'oem-sbx', type: 'raw', path: OEM_LINK }))
    },
  )
})

describe('extensions.vendor', { distros: ['flatcar'], firstBoot: true }, () => {
  for (const name of ['docker', 'containerd'] as const) {
    test(
      name,
      {
        description: `Without the extension that brings it, as its link leads to /dev/null, there is no ${name}.`,
        aliases: [`sysext.disable-${name}`],
        versions: '>=3761.0.0',
        ignition: {
          ignition: { version: '3.3.0' },
          storage: {
            links: [
              {
                path: `/etc/extensions/${name}-flatcar.raw`,
                target: '/dev/null',
                overwrite: true,
                hard: false,
              },
            ],
          },
        },
      },
      async ({ machine }) => {
        await expect(machine).toHaveActiveUnit('systemd-sysext.service')
        await expect(machine).not.toHaveFile(`/usr/bin/${name}`, { timeoutMs: 1 })
        expect(await merged(machine)).not.toContain(`${name}-flatcar`)
        // The others are merged all the same.
        expect(await merged(machine)).toContain(name === 'docker' ? 'containerd-flatcar' : 'docker-flatcar')
      },
    )
  }
})
