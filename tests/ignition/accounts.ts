// Ignition makes users and groups and gives them keys.

import { describe, expect, test } from '../../harness/index.ts'

const HASH =
  '$6$signalbox$9fFZ0xqsqU7v1Zr1y4oYd8Wc0JfU8wWm0QZ0l5vYwYt1x0mC1b1u0p7mZbK9z1oF0a4yqPp2nJ0r3sT5uV6wX.'
const KEYS = [
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ2q1F6v0v0N6mC9r8mW2lq1Yc3J7fQm1yq5bV8Z0aKd first@signalbox',
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHs8Zc0p4lq0y0N9d7k2vQ3m5wX6rT8uJ1bF4gL0aPnE second@signalbox',
]

describe('ignition', { firstBoot: true, exclusive: false }, () => {
  test(
    'users',
    {
      description:
        'Users get the id, groups, shell, home and password hash they were given; core keeps its own.',
      tags: ['smoke'],
      aliases: ['cl.ignition.v1.users', 'cl.ignition.v2.users'],
      ignition: {
        ignition: { version: '3.0.0' },
        passwd: {
          users: [
            {
              name: 'sbx-full',
              uid: 1010,
              gecos: 'Signal Woman',
              homeDir: '/home/elsewhere',
              shell: '/bin/sh',
              groups: ['sudo', 'adm'],
              passwordHash: HASH,
            },
            { name: 'sbx-system', system: true, noCreateHome: true, shell: '/usr/sbin/nologin' },
          ],
        },
      },
    },
    async ({ machine }) => {
      await expect(machine).toRun(['getent', 'passwd', 'sbx-full'], {
        stdout: /^sbx-full:x:1010:\d+:Signal Woman:\/home\/elsewhere:\/bin\/sh$/,
      })
      const groups = (await machine.run(['id', '-Gn', 'sbx-full'])).split(' ')
      expect(groups).toEqual(expect.arrayContaining(['sbx-full', 'sudo', 'adm']))
      await expect(machine).toHaveFile('/home/elsewhere', { type: 'directory', owner: 'sbx-full:sbx-full' })
      const shadow = await machine.run(['getent', 'shadow', 'sbx-full', 'sbx-system'], { sudo: true })
      expect(shadow).toContain(`sbx-full:${HASH}:`)
      // No hash, no way in by password.
      expect(shadow).toMatch(/^sbx-system:[!*]+:/m)
      const systemUid = Number(await machine.run(['id', '-u', 'sbx-system']))
      expect(systemUid).toBeGreaterThan(0)
      expect(systemUid).toBeLessThan(1000)
      await expect(machine).toRun(['test', '-e', '/home/sbx-system'], { exitCode: 1 })
      await expect(machine).toRun(['id', '-u', 'core'], { stdout: /^500$/ })
    },
  )

  test(
    'groups',
    {
      description: 'Groups are made with their id, in group and gshadow.',
      aliases: ['coreos.ignition.groups', 'cl.ignition.v1.groups'],
      ignition: {
        ignition: { version: '3.0.0' },
        passwd: {
          groups: [
            { name: 'sbx-group', gid: 601 },
            { name: 'sbx-daemons', system: true },
          ],
        },
      },
    },
    async ({ machine }) => {
      await expect(machine).toRun(['getent', 'group', 'sbx-group'], { stdout: /^sbx-group:x:601:$/ })
      await expect(machine).toRun(['getent', 'gshadow', 'sbx-group'], {
        sudo: true,
        stdout: /^sbx-group:[!*]+::$/,
      })
      const gid = Number((await machine.run(['getent', 'group', 'sbx-daemons'])).split(':')[2])
      expect(gid).toBeGreaterThan(0)
      expect(gid).toBeLessThan(1000)
    },
  )

  test(
    'ssh-keys',
    {
      description: "A user's keys are where sshd looks for them, and nobody else can read or change them.",
      aliases: ['coreos.ignition.ssh.key', 'cl.ignition.v1.ssh.key'],
      ignition: {
        ignition: { version: '3.0.0' },
        passwd: { users: [{ name: 'sbx-keys', sshAuthorizedKeys: KEYS }] },
      },
    },
    async ({ machine }) => {
      const file = '/home/sbx-keys/.ssh/authorized_keys.d/ignition'
      await expect(machine).toHaveFile(file, { mode: 0o600, owner: 'sbx-keys:sbx-keys' })
      const keys = (await machine.readFile(file)).split('\n').filter((line) => line !== '')
      expect(keys).toEqual(KEYS)
      for (const folder of ['.ssh', '.ssh/authorized_keys.d']) {
        await expect(machine).toHaveFile(`/home/sbx-keys/${folder}`, {
          mode: 0o700,
          owner: 'sbx-keys:sbx-keys',
        })
      }
      const inForce = await machine.run(['/usr/sbin/sshd', '-T', '-C', 'user=sbx-keys'], { sudo: true })
      expect(inForce).toMatch(/^authorizedkeysfile .*\.ssh\/authorized_keys\.d\/ignition/m)
    },
  )
})
