// The journal is kept on disk, over a reboot too.

import { describe, expect, test } from '../../harness/index.ts'

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
      description: 'The service of a user who lingers runs without a login, and the user reads what it logs.',
      aliases: ['systemd.journal.user'],
      tags: ['system'],
      distros: ['reference', 'flatcar'],
    },
    async ({ machine }) => {
      const uid = await machine.run(['id', '-u'])
      const bus = `XDG_RUNTIME_DIR=/run/user/${uid}`
      const unit = '[Service]\nType=oneshot\nExecStart=/bin/echo said by a service of a user\n'
      await machine.run('mkdir -p ~/.config/systemd/user && cat >~/.config/systemd/user/sbx-say.service', {
        stdin: unit,
      })
      await machine.run(['loginctl', 'enable-linger', await machine.run(['id', '-un'])], { sudo: true })
      await expect(machine).toHaveActiveUnit(`user@${uid}.service`)
      await machine.run(['env', bus, 'systemctl', '--user', 'start', 'sbx-say.service'])
      await expect(machine).toRun(['journalctl', '--boot', '--user-unit=sbx-say.service', '--output=cat'], {
        stdout: /^said by a service of a user$/m,
      })
      const user = await machine.run([
        'env',
        bus,
        'systemctl',
        '--user',
        'show',
        '--property=Result',
        'sbx-say.service',
      ])
      expect(user).toBe('Result=success')
    },
  )
})
