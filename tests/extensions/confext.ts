// Configuration extensions: settings that come as an image and lie over /etc.

import { buildExtension, describe, expect, test } from '../../harness/index.ts'
import { install, marker, merged, releaseOf } from './extension.ts'

const sudo = { sudo: true } as const

describe('extensions.confext', { tags: ['system'], distros: ['reference'] }, () => {
  test(
    'merged',
    {
      description:
        'A configuration extension appears in /etc over the changes of the machine, which are there again afterwards.',
    },
    async ({ machine }) => {
      const settings = await buildExtension({
        kind: 'confext',
        name: 'settings',
        release: await releaseOf(machine),
        files: {
          'etc/sbx-settings': 'of the extension\n',
          'etc/sysctl.d/90-sbx.conf': 'kernel.printk_ratelimit = 7\n',
        },
      })
      await machine.writeFile('/etc/sbx-settings', 'of the machine\n')
      await machine.run(['mkdir', '-p', '/var/lib/confexts'], sudo)
      await machine.writeFile('/var/lib/confexts/settings.raw', settings)
      await machine.run(['systemctl', 'start', 'systemd-confext.service'], sudo)
      expect(await merged(machine, 'confext')).toEqual(['settings'])
      await expect(machine).toHaveFile('/etc/sbx-settings', { content: 'of the extension\n' })
      await test.step('a service reads it', async () => {
        await machine.run(['systemctl', 'restart', 'systemd-sysctl.service'], sudo)
        await expect(machine).toHaveFile('/proc/sys/kernel/printk_ratelimit', { content: '7\n' })
      })
      await machine.run(['systemctl', 'stop', 'systemd-confext.service'], sudo)
      await expect(machine).toHaveFile('/etc/sbx-settings', { content: 'of the machine\n' })
      await expect(machine).toHaveMount('/etc', { fstype: 'overlay', options: ['rw'] })
    },
  )

  test(
    'none',
    {
      description: 'Without configuration extensions the service merges nothing, and /etc stays writable.',
      aliases: ['confext.skiprefresh'],
    },
    async ({ machine }) => {
      const before = await machine.run(['findmnt', '--noheadings', '--list', '/etc'])
      await machine.run(['systemctl', 'start', 'systemd-confext.service'], sudo)
      expect(await merged(machine, 'confext')).toEqual([])
      expect(await machine.run(['findmnt', '--noheadings', '--list', '/etc'])).toBe(before)
      await machine.writeFile('/etc/sbx-written', 'written\n')
      const log = await machine.run([
        'journalctl',
        '--boot',
        '--quiet',
        '--output=cat',
        '--unit=systemd-confext.service',
      ])
      expect(log).not.toContain('Merged')
    },
  )

  test(
    'wrong-version',
    { description: 'A configuration extension for another version is not merged.' },
    async ({ machine }) => {
      const release = await releaseOf(machine)
      await install(machine, { kind: 'confext', name: 'fits', release })
      await install(machine, {
        kind: 'confext',
        name: 'misfit',
        release: { ...release, VERSION_ID: '0.0.1' },
      })
      await machine.run(['systemctl', 'start', 'systemd-confext.service'], sudo)
      expect(await merged(machine, 'confext')).toEqual(['fits'])
      await expect(machine).not.toHaveFile(marker('misfit', 'confext'))
      await expect(machine).toHaveFile(marker('fits', 'confext'))
    },
  )
})
