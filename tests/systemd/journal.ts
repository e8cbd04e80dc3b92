// The journal is kept on disk, over a reboot too.

import { describe, expect, test } from '../../harness/index.ts'
import { dataUrl } from '../ignition/data-url.ts'

const USER = 'sbx-talker'
// It stays: of a process that has ended the journal may not find out any more which unit it was of.
const say =
  "[Service]\nExecStart=/bin/sh -c 'echo said by a service of a user; exec sleep infinity'\n\n[Install]\nWantedBy=default.target\n"

describe('systemd', () => {
  test(
    'journal-persists',
    {
      description:
        'What was logged before a reboot is in the journal afterwards, as that of the boot before.',
      timeoutMs: 120_000,
    },
    async ({ machine }) => {
      await machine.run(['logger', '--tag', 'signalbox-persist', 'written before the reboot'])
      const search = ['journalctl', '--quiet', '--output=cat', '--identifier=signalbox-persist']
      await expect(machine).toRun([...search, '--boot'], { stdout: /^written before the reboot$/ })

      await machine.reboot()

      await expect(machine).toRun([...search, '--boot=-1'], { stdout: /^written before the reboot$/ })
      expect(await machine.run([...search, '--boot'])).toBe('')
      const boots = JSON.parse(
        await machine.run(['journalctl', '--list-boots', '--output=json']),
      ) as readonly unknown[]
      expect(boots).toHaveLength(2)
    },
  )

  test(
    'journal-user',
    {
      description:
        'The service of a user who lingers runs at boot, without a login, and the user reads in their own journal what it said.',
      aliases: ['systemd.journal.user'],
      tags: ['system'],
      distros: ['reference', 'flatcar'],
      ignition: {
        ignition: { version: '3.0.0' },
        passwd: { users: [{ name: USER }] },
        storage: {
          files: [
            { path: `/var/lib/systemd/linger/${USER}`, mode: 0o644 },
            { path: '/etc/systemd/user/sbx-say.service', contents: { source: dataUrl(say) } },
          ],
          links: [
            {
              path: '/etc/systemd/user/default.target.wants/sbx-say.service',
              target: '/etc/systemd/user/sbx-say.service',
            },
          ],
        },
      },
    },
    async ({ machine }) => {
      const uid = await machine.run(['id', '-u', USER])
      // Only users from here on have journals of their own.
      expect(Number(uid)).toBeGreaterThanOrEqual(1000)
      await expect(machine).toHaveActiveUnit(`user@${uid}.service`, { timeoutMs: 15_000 })
      const asUser = (...command: readonly string[]): readonly string[] => [
        'runuser',
        '-u',
        USER,
        '--',
        'env',
        `XDG_RUNTIME_DIR=/run/user/${uid}`,
        ...command,
      ]
      await expect(machine).toRun(
        asUser('journalctl', '--user', '--boot', '--quiet', '--unit=sbx-say.service', '--output=cat'),
        { sudo: true, stdout: /^said by a service of a user$/m, timeoutMs: 15_000 },
      )
      await expect(machine).toRun(asUser('systemctl', '--user', 'is-active', 'sbx-say.service'), {
        sudo: true,
        stdout: /^active$/,
      })
      // No more than their own: what the system says is not theirs to read.
      const others = await machine.exec(asUser('journalctl', '--boot', '--quiet', '--system', '--lines=1'), {
        sudo: true,
      })
      expect(others.stdout).toBe('')
      // The user's own manager counts as a session too.
      const sessions = (await machine.run(['loginctl', 'list-sessions', '--no-legend'])).split('\n')
      expect(sessions.filter((line) => line.includes(USER) && !/\bmanager\b/.test(line))).toEqual([])
    },
  )
})
