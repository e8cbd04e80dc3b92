// The accounts of the image: who may log in, who has which shell, and that nobody has a password.

import { describe, expect, test } from '../../harness/index.ts'

/** Accounts with a shell; all others must have one that lets nobody in. */
const withShell = new Map([
  ['root', '/bin/bash'],
  ['core', '/bin/bash'],
  // base-passwd's account whose only program is sync(1).
  ['sync', '/bin/sync'],
])
const CLOSED = new Set(['/usr/sbin/nologin', '/sbin/nologin', '/bin/false', '/usr/bin/false'])

describe('users', { exclusive: false, distros: ['reference'] }, () => {
  test(
    'shells',
    { description: 'Only root and core have a shell.', aliases: ['cl.users.shells'] },
    async ({ machine }) => {
      const accounts = (await machine.readFile('/usr/share/reference/etc/passwd')).trimEnd().split('\n')
      expect(accounts.length).toBeGreaterThan(10)
      const wrong = accounts.filter((account) => {
        const fields = account.split(':')
        const [name = '', shell = ''] = [fields[0], fields[6]]
        const wanted = withShell.get(name)
        return wanted === undefined ? !CLOSED.has(shell) : shell !== wanted
      })
      expect(wrong).toEqual([])
    },
  )

  test(
    'no-passwords',
    { description: 'No account of the image has a password or an empty one; only root has uid 0.' },
    async ({ machine }) => {
      await expect(machine).toHaveFile('/etc/shadow', { mode: 0o640, owner: 'root:shadow' })
      await expect(machine).toHaveFile('/etc/gshadow', { mode: 0o640, owner: 'root:shadow' })
      const records = (await machine.readFile('/usr/share/reference/etc/shadow')).trimEnd().split('\n')
      expect(records.filter((record) => !/^[^:]+:[!*]+:/.test(record))).toEqual([])
      const roots = await machine.run("getent passwd | awk -F: '$3 == 0 { print $1 }'")
      expect(roots).toBe('root')
    },
  )

  test(
    'core',
    { description: 'core has uid 500, a home of its own and the groups of an administrator.' },
    async ({ machine }) => {
      await expect(machine).toRun(['getent', 'passwd', 'core'], {
        stdout: /^core:x:500:500:.*:\/home\/core:\/bin\/bash$/,
      })
      const groups = (await machine.run(['id', '-Gn', 'core'])).split(' ')
      expect(groups).toEqual(expect.arrayContaining(['core', 'sudo', 'systemd-journal']))
      await expect(machine).toHaveFile('/home/core', { type: 'directory', owner: 'core:core' })
    },
  )
})
