// System extensions that do not fit, are damaged, or are not wanted: they stay out, and nothing else suffers.

import { describe, expect, test } from '../../harness/index.ts'
import { buildMarked, install, marker, merged, releaseOf } from './extension.ts'

const sudo = { sudo: true } as const

describe('extensions', { tags: ['system'], distros: ['reference'] }, () => {
  for (const [name, what, change] of [
    ['wrong-id', 'another OS', { ID: 'elsewhere' }],
    ['wrong-version', 'another version', { VERSION_ID: '0.0.1' }],
    ['wrong-architecture', 'another architecture', { ARCHITECTURE: 's390x' }],
  ] as const) {
    test(
      name,
      { description: `An extension for ${what} is found and not merged; the one beside it, which fits, is.` },
      async ({ machine }) => {
        const release = await releaseOf(machine)
        await install(machine, { name: 'misfit', release: { ...release, ...change } })
        await install(machine, { name: 'fits', release })
        await machine.run(['systemctl', 'start', 'systemd-sysext.service'], sudo)
        const listed = await machine.run(['systemd-sysext', 'list', '--no-legend'], sudo)
        expect(listed).toMatch(/^misfit /m)
        expect(await merged(machine)).toEqual(['fits'])
        await expect(machine).not.toHaveFile(marker('misfit'))
        await expect(machine).toHaveFile(marker('fits'))
      },
    )
  }

  test(
    'level',
    {
      description:
        'Where the OS has a SYSEXT_LEVEL, that of the extension decides, and no longer the version.',
    },
    async ({ machine }) => {
      const { ID } = await releaseOf(machine)
      const release = await machine.readFile('/usr/lib/os-release')
      await machine.run(['rm', '-f', '/etc/os-release'], sudo)
      await machine.writeFile('/etc/os-release', `${release}SYSEXT_LEVEL=7\n`)
      await install(machine, { name: 'same-level', release: { ID, VERSION_ID: '0.0.1', SYSEXT_LEVEL: '7' } })
      await install(machine, { name: 'other-level', release: { ID, SYSEXT_LEVEL: '8' } })
      await machine.run(['systemctl', 'start', 'systemd-sysext.service'], sudo)
      expect(await merged(machine)).toEqual(['same-level'])
      await expect(machine).toHaveFile(marker('same-level'))
      await expect(machine).not.toHaveFile(marker('other-level'))
    },
  )

  test(
    'any',
    { description: 'An extension for `_any` OS is merged whatever its version says.' },
    async ({ machine }) => {
      await install(machine, { name: 'any', release: { ID: '_any', VERSION_ID: '0.0.1' } })
      await machine.run(['systemctl', 'start', 'systemd-sysext.service'], sudo)
      await expect(machine).toHaveFile(marker('any'), { content: 'any\n' })
    },
  )

  test(
    'broken',
    {
      description:
        'A damaged extension fails the service, which names it; what was merged stays. Without it all is well again.',
      expectedMessages: ['unit-failed'],
    },
    async ({ machine }) => {
      const release = await releaseOf(machine)
      await install(machine, { name: 'sound', release })
      await machine.run(['systemctl', 'start', 'systemd-sysext.service'], sudo)
      await machine.writeFile('/var/lib/extensions/damaged.raw', 'no filesystem at all\n'.repeat(1000))
      const reload = await machine.exec(['systemctl', 'reload', 'systemd-sysext.service'], sudo)
      expect(reload.exitCode).not.toBe(0)
      await expect(machine).toRun(['journalctl', '--boot', '--unit=systemd-sysext.service', '--output=cat'], {
        stdout: /\bdamaged\b/,
      })
      await expect(machine).toHaveFile(marker('sound'), { content: 'sound\n' })
      const restart = await machine.exec(['systemctl', 'restart', 'systemd-sysext.service'], sudo)
      expect(restart.exitCode).not.toBe(0)
      await expect(machine).not.toHaveNoFailedUnits()
      await machine.run(['rm', '/var/lib/extensions/damaged.raw'], sudo)
      await machine.run(['systemctl', 'restart', 'systemd-sysext.service'], sudo)
      expect(await merged(machine)).toEqual(['sound'])
      await expect(machine).toHaveNoFailedUnits()
    },
  )

  test(
    'masked',
    {
      description:
        'An extension is left out when its link in /etc/extensions is turned to /dev/null; the others are not.',
      aliases: ['sysext.disable-docker', 'sysext.disable-containerd'],
    },
    async ({ machine }) => {
      const release = await releaseOf(machine)
      await install(machine, { name: 'wanted', release })
      await machine.writeFile('/opt/masked.raw', await buildMarked({ name: 'masked', release }))
      await machine.run(['mkdir', '-p', '/etc/extensions'], sudo)
      await machine.run(['ln', '-s', '/opt/masked.raw', '/etc/extensions/masked.raw'], sudo)
      await machine.run(['systemctl', 'start', 'systemd-sysext.service'], sudo)
      expect((await merged(machine)).toSorted()).toEqual(['masked', 'wanted'])
      await machine.run(['ln', '-sf', '/dev/null', '/etc/extensions/masked.raw'], sudo)
      await machine.run(['systemctl', 'restart', 'systemd-sysext.service'], sudo)
      expect(await merged(machine)).toEqual(['wanted'])
      await expect(machine).not.toHaveFile(marker('masked'))
      await expect(machine).toHaveFile(marker('wanted'))
    },
  )
})
