// SELinux: its policy is loaded and files are labelled; it reports, but does not enforce yet.

import { describe, expect, test } from '../../harness/index.ts'
import { denials } from './denials.ts'

describe('security', { exclusive: false, distros: ['reference'] }, () => {
  test(
    'selinux',
    {
      description: 'The policy is loaded in permissive mode, and files and processes have labels.',
    },
    async ({ machine }) => {
      await expect(machine).toRun(['/usr/sbin/getenforce'], { stdout: /^Permissive$/ })
      await expect(machine).toHaveMount('/sys/fs/selinux', { fstype: 'selinuxfs' })
      const labels = new Map([
        ['/usr/sbin/sshd', 'sshd_exec_t'],
        ['/etc/shadow', 'shadow_t'],
        ['/usr/lib/systemd/systemd', 'init_exec_t'],
        ['/var/log/journal', 'systemd_journal_t'],
      ])
      for (const [path, type] of labels) {
        await expect.soft(machine).toRun(['stat', '-c', '%C', path], { sudo: true, stdout: `:${type}:` })
      }
      await expect.soft(machine).toRun(['cat', '/proc/1/attr/current'], { sudo: true, stdout: ':init_t:' })
    },
  )

  test(
    'selinux-boolean',
    {
      description: 'A boolean can be switched for the running system, and is as before afterwards.',
      aliases: ['coreos.selinux.boolean'],
    },
    async ({ machine }) => {
      const name = 'ssh_sysadm_login'
      const state = async (): Promise<string> =>
        (await machine.run(['/usr/sbin/getsebool', name])).replace(/^.* --> /, '')
      const before = await state()
      const other = before === 'on' ? 'off' : 'on'
      await machine.run(['/usr/sbin/setsebool', name, other], { sudo: true })
      try {
        expect(await state()).toBe(other)
      } finally {
        await machine.run(['/usr/sbin/setsebool', name, before], { sudo: true })
      }
      expect(await state()).toBe(before)
    },
  )
})

// A machine of its own: on a shared one it would be about what the other tests do too.
describe('security.selinux', { distros: ['reference'], tags: ['selinux'] }, () => {
  test(
    'permissive-boot',
    {
      description:
        'A permissive boot is denied nothing either: what is not allowed would be a surprise in enforcing.',
    },
    async ({ machine }) => {
      await expect(machine).toRun(['/usr/sbin/getenforce'], { stdout: /^Permissive$/ })
      expect(await denials(machine)).toEqual([])
    },
  )
})
