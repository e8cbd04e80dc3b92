// Flatcar's own update client and the server that its config names.

import { describe, expect, test } from '../../harness/index.ts'
import { dataUrl } from '../ignition/data-url.ts'

describe('update', { distros: ['flatcar'], firstBoot: true }, () => {
  test(
    'omaha-ping',
    {
      description: 'update_engine that is told to look for an update asks its server, and pings it.',
      aliases: ['cl.omaha.ping'],
      ignition: ({ updateServer }) => ({
        ignition: { version: '3.0.0' },
        storage: {
          files: [
            {
              path: '/etc/flatcar/update.conf',
              overwrite: true,
              contents: { source: dataUrl(`SERVER=${updateServer.urls.omaha}\n`) },
            },
          ],
        },
      }),
    },
    async ({ machine, updateServer }) => {
      await machine.run(['update_engine_client', '-check_for_update'], { sudo: true })
      const seen = (): readonly unknown[] =>
        updateServer.requests().flatMap(({ omaha }) => omaha.filter(({ ping }) => ping))
      await expect.poll(seen, { timeoutMs: 30_000 * machine.slowness }).not.toEqual([])
      expect(seen()).toContainEqual(expect.objectContaining({ check: 'noupdate' }))
    },
  )
})
