// Ignition makes directories and links.

import { describe, expect, test } from '../../harness/index.ts'
import { dataUrl } from './data-url.ts'

describe('ignition', { firstBoot: true, exclusive: false }, () => {
  test(
    'directories',
    {
      description: 'Directories have the mode and owner they were given.',
      ignition: {
        ignition: { version: '3.0.0' },
        storage: {
          directories: [
            { path: '/srv/signalbox-shared', mode: 0o775 },
            { path: '/srv/signalbox-private', mode: 0o700, user: { id: 500 }, group: { id: 500 } },
          ],
        },
      },
    },
    async ({ machine }) => {
      await expect(machine).toHaveFile('/srv/signalbox-shared', {
        type: 'directory',
        mode: 0o775,
        owner: 'root:root',
      })
      await expect(machine).toHaveFile('/srv/signalbox-private', {
        type: 'directory',
        mode: 0o700,
        owner: 'core:core',
      })
    },
  )

  test(
    'links',
    {
      description: 'Symbolic links, relative and absolute, and hard links; the time zone is chosen by one.',
      aliases: ['cl.ignition.symlink'],
      ignition: {
        ignition: { version: '3.0.0' },
        storage: {
          files: [{ path: '/opt/signalbox/links/file', contents: { source: dataUrl('linked\n') } }],
          links: [
            { path: '/opt/signalbox/links/relative', target: 'file' },
            { path: '/opt/signalbox/links/hard', target: '/opt/signalbox/links/file', hard: true },
            { path: '/etc/localtime', target: '/usr/share/zoneinfo/Europe/Zurich', overwrite: true },
          ],
        },
      },
    },
    async ({ machine }) => {
      await expect(machine).toHaveFile('/opt/signalbox/links/relative', { type: 'link', target: 'file' })
      await expect(machine).toRun(['cat', '/opt/signalbox/links/relative'], { stdout: 'linked' })
      const inodes = await machine.run([
        'stat',
        '-c',
        '%i %h',
        '/opt/signalbox/links/file',
        '/opt/signalbox/links/hard',
      ])
      const [file, hard] = inodes.split('\n')
      expect(hard).toBe(file)
      expect(file).toMatch(/ 2$/)
      await expect(machine).toHaveFile('/etc/localtime', {
        type: 'link',
        target: '/usr/share/zoneinfo/Europe/Zurich',
      })
      await expect(machine).toRun(['date', '--date=@1700000000', '+%z'], { stdout: /^\+0100$/ })
    },
  )

  test(
    'hostname',
    {
      description: '/etc/hostname from Ignition is the name of the machine.',
      aliases: ['coreos.ignition.sethostname', 'cl.ignition.v1.sethostname'],
      ignition: {
        ignition: { version: '3.0.0' },
        storage: {
          files: [
            {
              path: '/etc/hostname',
              mode: 0o644,
              overwrite: true,
              contents: { source: dataUrl('signalman\n') },
            },
          ],
        },
      },
    },
    async ({ machine }) => {
      await expect(machine).toRun(['uname', '-n'], { stdout: /^signalman$/ })
      await expect(machine).toRun(['hostnamectl', 'hostname', '--static'], { stdout: /^signalman$/ })
    },
  )
})
