// Accounts in full: whole records of those that a config makes, changes and takes away.

import { describe, expect, test } from '../../harness/index.ts'

const hash = (salt: string): string => `$6$${salt}$${'signalbox/'.repeat(9).slice(0, 86)}`

describe('ignition', { firstBoot: true, tags: ['system'] }, () => {
  test(
    'accounts-more',
    {
      description:
        'core has the password hash of the config; users and groups have the records that they should, and who should not exist is gone.',
      aliases: ['cl.ignition.v1.users', 'cl.ignition.v2.users'],
      distros: ['reference'],
      ignition: {
        ignition: { version: '3.2.0' },
        passwd: {
          groups: [
            { name: 'sbx-crew', gid: 1234 },
            { name: 'sbx-secret', gid: 602, passwordHash: hash('group') },
            { name: 'fax', shouldExist: false },
            { name: 'sbx-never', shouldExist: false },
          ],
          users: [
            { name: 'core', passwordHash: hash('core') },
            { name: 'sbx-bare' },
            { name: 'sbx-numbered', uid: 1010, groups: ['adm'] },
            { name: 'sbx-crewed', uid: 1020, primaryGroup: 'sbx-crew', noLogInit: true },
            { name: 'sbx-loose', uid: 1030, noUserGroup: true },
            { name: 'sbx-homeless', uid: 1040, noCreateHome: true },
            { name: 'sbx-daemon', system: true },
            { name: 'irc', shouldExist: false },
            { name: 'sbx-nobody', shouldExist: false },
          ],
        },
        // Otherwise systemd makes what the image wants, in the same boot.
        storage: { links: [{ path: '/etc/sysusers.d/basic.conf', target: '/dev/null' }] },
      },
    },
    async ({ machine }) => {
      const record = async (database: string, name: string): Promise<string> => {
        const { stdout } = await machine.exec(['getent', database, name], { sudo: true })
        return stdout.trim()
      }
      // What useradd(8) gives to whom nothing else is said.
      const shell = (await machine.run('/usr/sbin/useradd -D', { sudo: true })).match(/^SHELL=(.*)$/m)?.[1]
      expect(shell).toMatch(/^\/bin\/(?:ba)?sh$/)
      const daemon = Number(await machine.run(['id', '-u', 'sbx-daemon']))
      expect(daemon).toBeGreaterThan(100)
      expect(daemon).toBeLessThan(1000)
      const daemons = await machine.run(['id', '-g', 'sbx-daemon'])

      const passwd = {
        core: 'core:x:500:500::/home/core:/bin/bash',
        'sbx-bare': `sbx-bare:x:1000:1000::/home/sbx-bare:${shell}`,
        'sbx-numbered': `sbx-numbered:x:1010:1010::/home/sbx-numbered:${shell}`,
        'sbx-crewed': `sbx-crewed:x:1020:1234::/home/sbx-crewed:${shell}`,
        'sbx-loose': `sbx-loose:x:1030:100::/home/sbx-loose:${shell}`,
        'sbx-homeless': `sbx-homeless:x:1040:1040::/home/sbx-homeless:${shell}`,
        'sbx-daemon': `sbx-daemon:x:${daemon}:${daemons}::/home/sbx-daemon:${shell}`,
      }
      for (const [name, expected] of Object.entries(passwd))
        expect.soft(await record('passwd', name)).toBe(expected)

      // The day of the last change, how long a password lasts, and how long it warns: not for accounts of the system.
      for (const name of ['sbx-bare', 'sbx-numbered', 'sbx-crewed', 'sbx-loose', 'sbx-homeless'])
        expect.soft(await record('shadow', name)).toMatch(new RegExp(`^${name}:\\*:\\d{5}:0:99999:7:::$`))
      expect.soft(await record('shadow', 'sbx-daemon')).toMatch(/^sbx-daemon:\*:\d{5}::::::$/)
      const [, coreHash, ...rest] = (await record('shadow', 'core')).split(':')
      expect.soft(coreHash).toBe(hash('core'))
      expect.soft(rest.slice(1)).toEqual(['0', '99999', '7', '', '', ''])

      const members = (await record('group', 'adm')).split(':')[3]?.split(',')
      expect.soft(members).toEqual(expect.arrayContaining(['core', 'sbx-numbered']))
      expect.soft(await record('group', 'sbx-crew')).toBe('sbx-crew:x:1234:')
      expect.soft(await record('group', 'sbx-secret')).toBe('sbx-secret:x:602:')
      expect.soft(await record('gshadow', 'sbx-secret')).toBe(`sbx-secret:${hash('group')}::`)
      expect.soft(await record('gshadow', 'sbx-crew')).toBe('sbx-crew:*::')
      for (const name of ['sbx-bare', 'sbx-numbered', 'sbx-homeless'])
        expect.soft(await record('group', name)).toMatch(new RegExp(`^${name}:x:1\\d{3}:$`))
      for (const name of ['sbx-crewed', 'sbx-loose']) expect.soft(await record('group', name)).toBe('')

      for (const name of ['sbx-bare', 'sbx-numbered', 'sbx-crewed', 'sbx-loose'])
        await expect.soft(machine).toHaveFile(`/home/${name}`, { type: 'directory', mode: 0o700 })
      await expect(machine).not.toHaveFile('/home/sbx-homeless', { timeoutMs: 1 })

      for (const name of ['irc', 'fax', 'sbx-nobody', 'sbx-never'])
        for (const database of ['passwd', 'shadow', 'group', 'gshadow'])
          if (database.startsWith('g') || !['fax', 'sbx-never'].includes(name))
            expect.soft([database, await record(database, name)]).toEqual([database, ''])
      // All others are as the image has them.
      const shipped = await machine.readFile('/usr/share/reference/etc/passwd')
      const now = new Set((await machine.readFile('/etc/passwd')).trimEnd().split('\n'))
      const missing = shipped
        .trimEnd()
        .split('\n')
        .filter((line) => !now.has(line))
      expect(missing.map((line) => line.split(':')[0])).toEqual(['irc'])
      // What it keeps useradd(8) from has no file in this image; that it was told so is in the log.
      const log = await machine.run('journalctl --boot --identifier=ignition --output=cat', { sudo: true })
      expect(log).toMatch(/executing: "useradd".*"--no-log-init".*"sbx-crewed"$/m)
    },
  )
})
