// Who gets in over SSH, and how.

import { describe, expect, test } from '../../harness/index.ts'

const FAR_FROM_A_TERMINAL = [
  '-o',
  'BatchMode=yes',
  '-o',
  'StrictHostKeyChecking=no',
  '-o',
  'UserKnownHostsFile=/dev/null',
]

describe('access', { exclusive: false }, () => {
  test(
    'password-refused',
    {
      description: 'sshd offers no password login, whoever asks.',
      tags: ['smoke'],
      aliases: ['coreos.auth.verify'],
    },
    async ({ machine }) => {
      for (const user of ['core', 'root', 'nobody']) {
        const login = await machine.exec([
          'ssh',
          ...FAR_FROM_A_TERMINAL,
          '-o',
          'PubkeyAuthentication=no',
          '-o',
          'PreferredAuthentications=password,keyboard-interactive',
          `${user}@127.0.0.1`,
          'true',
        ])
        expect(login.exitCode).toBe(255)
        // In brackets: the methods that the server would still take.
        expect(login.stderr).toMatch(/Permission denied \(publickey\)\.$/m)
      }
    },
  )

  test(
    'sshd-config',
    { description: 'The configuration in force: keys only, no empty passwords, no forwarding of X11.' },
    async ({ machine }) => {
      const lines = (await machine.run(['/usr/sbin/sshd', '-T'], { sudo: true })).split('\n')
      expect(lines).toEqual(
        expect.arrayContaining([
          'pubkeyauthentication yes',
          'passwordauthentication no',
          'kbdinteractiveauthentication no',
          'permitemptypasswords no',
          'x11forwarding no',
          expect.stringMatching(/^permitrootlogin (?:no|without-password|prohibit-password)$/),
          expect.stringMatching(/^authorizedkeysfile .*\.ssh\/authorized_keys\.d\/ignition/),
        ]),
      )
    },
  )

  test(
    'host-key',
    {
      description: 'The machine made its own SSH host key, readable by root only; the image ships none.',
      distros: ['reference'],
    },
    async ({ machine }) => {
      await expect(machine).toHaveFile('/etc/ssh/ssh_host_ed25519_key', { mode: 0o600, owner: 'root:root' })
      const shipped = await machine.run('find /usr/share/reference/etc/ssh -name "ssh_host_*"', {
        sudo: true,
      })
      expect(shipped).toBe('')
    },
  )
})
