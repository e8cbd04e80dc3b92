// What the user core may do: everything through sudo, nothing without.

import { describe, expect, test } from '../../harness/index.ts'

const MANAGER = ['org.freedesktop.systemd1', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager']

describe('access', { exclusive: false }, () => {
  test(
    'sudo',
    {
      description: 'core becomes root without a password, and is nobody special without sudo.',
      tags: ['smoke'],
    },
    async ({ machine }) => {
      expect(await machine.run(['id', '-un'])).toBe('core')
      expect(await machine.run(['sudo', '-n', 'id', '-u'])).toBe('0')
      const shadow = await machine.exec(['cat', '/etc/shadow'])
      expect(shadow.exitCode).not.toBe(0)
      expect(shadow.stderr).toContain('Permission denied')
      expect(shadow.stdout).toBe('')
    },
  )

  test(
    'dbus-permissions',
    {
      description: 'Over D-Bus a plain user may look at systemd, but not make it restart a unit.',
      aliases: ['cl.basic'],
    },
    async ({ machine }) => {
      await expect(machine).toRun(['busctl', '--system', 'get-property', ...MANAGER, 'Version'], {
        stdout: /^s "\d+/,
      })
      const mainPid = ['systemctl', 'show', '--property=MainPID', '--value', 'systemd-timesyncd.service']
      const before = await machine.run(mainPid)
      const restart = await machine.exec([
        'busctl',
        '--system',
        'call',
        ...MANAGER,
        'RestartUnit',
        'ss',
        'systemd-timesyncd.service',
        'replace',
      ])
      expect(restart.exitCode).not.toBe(0)
      expect(restart.stderr).toMatch(/Access denied|authentication required/i)
      expect(await machine.run(mainPid)).toBe(before)
    },
  )

  test(
    'useradd',
    {
      description: 'Accounts can be added and removed although /usr cannot be written.',
      aliases: ['cl.basic'],
    },
    async ({ machine }) => {
      await machine.run(['/usr/sbin/useradd', '--create-home', 'signalbox-useradd'], { sudo: true })
      try {
        await expect(machine).toRun(['getent', 'passwd', 'signalbox-useradd'], {
          stdout: ':/home/signalbox-useradd:',
        })
        await expect(machine).toHaveFile('/home/signalbox-useradd', {
          type: 'directory',
          owner: 'signalbox-useradd:signalbox-useradd',
        })
      } finally {
        await machine.run(['/usr/sbin/userdel', '--remove', 'signalbox-useradd'], { sudo: true })
      }
      await expect(machine).toRun(['getent', 'passwd', 'signalbox-useradd'], { exitCode: 2 })
    },
  )
})
