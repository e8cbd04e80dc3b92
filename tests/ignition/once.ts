// Ignition is for the first boot. Later boots must leave the machine as its administrator made it.

import { describe, expect, test } from '../../harness/index.ts'
import { dataUrl } from './data-url.ts'

describe('ignition', { firstBoot: true }, () => {
  test(
    'once',
    {
      description: 'After a reboot changed and removed files stay so, and the initrd brings no network up.',
      tags: ['smoke'],
      aliases: ['coreos.ignition.once', 'cl.ignition.v1.once', 'cl.network.initramfs.second-boot'],
      distros: ['reference'],
      ignition: {
        ignition: { version: '3.0.0' },
        storage: {
          files: [
            { path: '/etc/signalbox/changed', contents: { source: dataUrl('from Ignition\n') } },
            { path: '/etc/signalbox/removed', contents: { source: dataUrl('from Ignition\n') } },
          ],
        },
      },
      timeoutMs: 120_000,
    },
    async ({ machine }) => {
      const bootId = await machine.readFile('/proc/sys/kernel/random/boot_id')
      const stages = ['journalctl', '--boot', '--quiet', '--output=cat', '--identifier=ignition', '--lines=5']
      expect(await machine.run(stages, { sudo: true })).not.toBe('')
      await machine.writeFile('/etc/signalbox/changed', 'by hand\n')
      await machine.run(['rm', '/etc/signalbox/removed'], { sudo: true })
      const address = await machine.run(['cat', '/etc/machine-id'])

      await machine.reboot()

      expect(await machine.readFile('/proc/sys/kernel/random/boot_id')).not.toBe(bootId)
      await expect(machine).toHaveFile('/etc/signalbox/changed', { content: 'by hand\n' })
      await expect(machine).not.toHaveFile('/etc/signalbox/removed')
      await expect(machine).toRun(['cat', '/etc/machine-id'], { stdout: address })
      expect(await machine.run(stages, { sudo: true })).toBe('')
      const started = await machine.run(
        ['journalctl', '--boot', '--quiet', '--output=cat', '--unit=reference-network.service'],
        { sudo: true },
      )
      expect(started).not.toContain('Starting')
    },
  )
})
