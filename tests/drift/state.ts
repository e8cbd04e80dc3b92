// What state a machine is in, as a whole: as it was recorded, the same as its twin's, and the same after a reboot.

import { describe, expect, test } from '../../harness/index.ts'

describe('drift', { firstBoot: true, distros: ['reference'], tags: ['system'] }, () => {
  test(
    'fresh',
    {
      description:
        'A fresh machine has the units, mounts, settings, listeners, accounts and files that were recorded.',
      ignition: { ignition: { version: '3.0.0' } },
    },
    async ({ machine }) => {
      await expect(machine).toMatchSnapshot('fresh')
    },
  )

  test(
    'twins',
    {
      description: 'Two machines that were made by one config are in the same state.',
      machines: 2,
      ignition: {
        ignition: { version: '3.0.0' },
        passwd: { users: [{ name: 'twin', groups: ['systemd-journal'] }] },
        storage: {
          files: [{ path: '/etc/sbx/file', mode: 0o640, contents: { source: 'data:,of%20both%0A' } }],
        },
        systemd: {
          units: [
            {
              name: 'sbx-twin.service',
              enabled: true,
              contents:
                '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n',
            },
          ],
        },
      },
    },
    async ({ cluster, machine }) => {
      const { sections } = await machine.snapshot()
      expect(sections.units).toMatchObject({ 'sbx-twin.service': 'active exited' })
      expect(sections.users).toHaveProperty('twin')
      expect(sections.etc).toHaveProperty(['sbx/file'])
      for (const other of cluster.machines) await expect(other).toHaveStateOf(machine)
    },
  )

  test(
    'reboot',
    {
      description: 'A reboot changes nothing of the state, but for what only a first boot has.',
      timeoutMs: 120_000,
    },
    async ({ machine }) => {
      const before = await machine.snapshot()
      await machine.reboot()
      await expect(machine).toHaveStateOf(before, { except: { units: ['sshd-keygen.service'] } })
    },
  )
})
