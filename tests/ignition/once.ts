// Ignition is for the first boot. Later boots must leave the machine as its administrator made it.

import { describe, expect, test } from '../../harness/index.ts'
import { dataUrl } from './data-url.ts'

describe('ignition', { firstBoot: true }, () => {
  test(
    'once',
    {
      description:
        'After a reboot changed and removed files stay so, and the initrd, which fetched a file at first, brings no network up.',
      tags: ['smoke'],
      aliases: ['coreos.ignition.once', 'cl.ignition.v1.once', 'cl.network.initramfs.second-boot'],
      distros: ['reference'],
      ignition: ({ http }) => ({
        ignition: { version: '3.0.0' },
        storage: {
          files: [
            { path: '/etc/signalbox/changed', contents: { source: dataUrl('from Ignition\n') } },
            { path: '/etc/signalbox/removed', contents: { source: dataUrl('from Ignition\n') } },
            // Without anything to fetch no boot would have a network in its initrd.
            { path: '/etc/signalbox/fetched', contents: { source: http.serve('/fetched', 'fetched\n') } },
          ],
        },
      }),
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
      await expect(machine).toHaveFile('/etc/signalbox/fetched', { content: 'fetched\n' })
      const network = async (boot: string, unit: string): Promise<string> =>
        await machine.run(['journalctl', `--boot=${boot}`, '--quiet', '--output=cat', `--unit=${unit}`], {
          sudo: true,
        })
      const initrd = 'reference-network.service'
      expect(await network('-1', initrd)).toMatch(/^Finished reference-network\.service/m)
      expect(await network('0', initrd)).not.toMatch(/^(?:Starting|Finished) /m)
      expect((await network('0', 'systemd-networkd.service')).match(/^Started /gm)).toHaveLength(1)
      const monotonic = async (property: string, ...unit: readonly string[]): Promise<number> =>
        Number(await machine.run(['systemctl', 'show', `--property=${property}`, '--value', ...unit]))
      const switched = await monotonic('UserspaceTimestampMonotonic')
      expect(switched).toBeGreaterThan(await monotonic('InitRDTimestampMonotonic'))
      expect(await monotonic('ExecMainStartTimestampMonotonic', 'systemd-networkd.service')).toBeGreaterThan(
        switched,
      )
    },
  )
})
