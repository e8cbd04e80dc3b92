// Extensions that Ignition brings are merged in the first boot and in every later one.

import { describe, expect, test } from '../../harness/index.ts'
import { base64DataUrl } from '../ignition/data-url.ts'
import { buildMarked, marker, merged } from './extension.ts'

describe('extensions', { tags: ['system'], distros: ['reference'] }, () => {
  test(
    'ignition',
    {
      description:
        'A system and a configuration extension that Ignition wrote are merged while the machine boots, and after a reboot.',
      firstBoot: true,
      timeoutMs: 120_000,
      ignition: async () => ({
        ignition: { version: '3.0.0' },
        storage: {
          files: [
            {
              path: '/var/lib/extensions/brought.raw',
              contents: {
                source: base64DataUrl(await buildMarked({ name: 'brought', release: { ID: '_any' } })),
              },
            },
            {
              path: '/var/lib/confexts/brought.raw',
              contents: {
                source: base64DataUrl(
                  await buildMarked({ kind: 'confext', name: 'brought', release: { ID: '_any' } }),
                ),
              },
            },
          ],
        },
        systemd: {
          units: [
            { name: 'systemd-sysext.service', enabled: true },
            { name: 'systemd-confext.service', enabled: true },
          ],
        },
      }),
    },
    async ({ machine }) => {
      const look = async (): Promise<void> => {
        expect(await merged(machine)).toEqual(['brought'])
        expect(await merged(machine, 'confext')).toEqual(['brought'])
        await expect(machine).toHaveFile(marker('brought'), { content: 'brought\n' })
        await expect(machine).toHaveFile(marker('brought', 'confext'), { content: 'brought\n' })
        await expect(machine).toRun(['systemctl', 'is-system-running'], { stdout: /^running$/ })
      }
      await look()
      await machine.reboot()
      await look()
    },
  )
})
