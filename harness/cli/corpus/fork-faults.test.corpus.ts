// Tests whose forks meet with faults; see forks.machine.test.ts.

import { expect, test } from '../../index.ts'

test('fork-faults.plain', async ({ machine }) => {
  expect(await machine.run('uname -s')).toBe('Linux')
})

// Long enough for somebody to take the template away meanwhile; a new program and a new file are read from the disk.
test('fork-faults.long', { timeoutMs: 60_000 }, async ({ machine }) => {
  for (let round = 0; round < 8; round += 1) {
    await machine.run('sleep 0.5; sort /etc/services | sha256sum')
    await machine.writeFile(`/var/lib/round-${round}`, 'x'.repeat(1 << 20))
  }
  await machine.reboot()
  expect(await machine.readFile('/var/lib/round-7')).toHaveLength(1 << 20)
})

// A job that is never done keeps systemd's queue from becoming empty.
test(
  'fork-faults.restless',
  {
    ignition: {
      ignition: { version: '3.0.0' },
      systemd: {
        units: [
          {
            name: 'restless.service',
            contents: '[Service]\nType=oneshot\nTimeoutStartSec=infinity\nExecStart=/bin/sleep infinity\n',
          },
          {
            name: 'restless-later.service',
            enabled: true,
            contents:
              '[Service]\nExecStart=/bin/sh -c "systemctl is-system-running --wait; systemctl start --no-block restless"\n\n[Install]\nWantedBy=multi-user.target\n',
          },
        ],
      },
    },
  },
  async ({ machine }) => {
    await expect(machine).toRun('systemctl list-jobs --no-legend | grep -q restless')
  },
)
