// A system extension fits one version of the OS. It is part of the update: each version runs with its own, after a rollback too.
// What a vendor adds is such an extension on the OEM partition.

import { buildExtension, describe, expect, type Fixtures, test } from '../../harness/index.ts'
import { oemExtensions } from '../extensions/oem-mount.ts'

const sudo = { sudo: true } as const

const companion = async (version: string): Promise<Uint8Array> =>
  await buildExtension({
    name: `companion_${version}`,
    release: { ID: 'reference', VERSION_ID: version },
    files: { 'usr/share/companion/version': `${version}\n` },
  })

const transfer = (directory: string, folder: string): string => `[Transfer]
ProtectVersion=%A
Verify=no

[Source]
Type=url-file
Path=${directory}
MatchPattern=companion_@v.raw

[Target]
Type=regular-file
Path=${folder}
MatchPattern=companion_@v.raw
Mode=0644
InstancesMax=2
`

/** The extension in `folder` goes to the next version with the OS, and back with it. */
const follows =
  (folder: string) =>
  async ({ machine, updateServer, payloads }: Fixtures): Promise<void> => {
    const { updates } = machine
    const next = payloads.get('next')
    const { version: old = '' } = await updates.booted()
    const merged = async (): Promise<string> => await machine.run(['cat', '/usr/share/companion/version'])
    await machine.run(['mkdir', '-p', folder, '/etc/sysupdate.d'], sudo)
    await machine.writeFile(`${folder}/companion_${old}.raw`, await companion(old))
    await machine.run(['systemctl', 'enable', '--now', 'systemd-sysext.service'], sudo)
    expect(await merged()).toBe(old)
    await updates.follow(updateServer.urls)
    const { directory } = updateServer.urls
    await machine.writeFile('/etc/sysupdate.d/40-companion.transfer', transfer(directory, folder))
    await test.step('without its extension a version is not offered', async () => {
      await updates.offer(updateServer, next)
      expect(await updates.check()).toBeUndefined()
    })
    await updateServer.offerFiles([
      ...next.files.map(({ name, path }) => ({ name, content: path })),
      { name: `companion_${next.version}.raw`, content: await companion(next.version) },
    ])
    await updates.update()
    expect(await merged()).toBe(old)
    await machine.reboot()
    expect(await updates.booted()).toMatchObject({ version: next.version })
    expect(await merged()).toBe(next.version)
    await test.step('back', async () => {
      await updates.rollBack()
      await machine.reboot()
      expect(await updates.booted()).toMatchObject({ version: old })
      expect(await merged()).toBe(old)
    })
  }

describe(
  'update',
  {
    firstBoot: true,
    firmwares: ['uefi', 'uefi-secure'],
    distros: ['reference'],
    payloads: ['next'],
    timeoutMs: 240_000,
  },
  () => {
    test(
      'extension-follows',
      {
        description:
          'The extension of the new version comes with the update and is merged in its boot; after a rollback the old one is.',
      },
      follows('/var/lib/extensions'),
    )

    test(
      'oem-follows',
      {
        description: 'So does the extension that a vendor keeps on the OEM partition, one for each version.',
        aliases: ['cl.update.oem'],
        ignition: { ignition: { version: '3.3.0' }, systemd: { units: [oemExtensions] } },
      },
      follows('/oem/sysext'),
    )
  },
)
