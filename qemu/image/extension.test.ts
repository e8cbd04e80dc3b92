import { expect, it } from 'vitest'
import { wantedPaths } from './extension.ts'

it('takes what packages have below /usr and /etc, and leaves out what the image would', () => {
  const listed = [
    'package diverts others to: /usr/bin/sh',
    '/.',
    '/usr',
    '/usr/bin',
    '/usr/bin/podman',
    '/lib/systemd/system/podman.socket',
    '/library/of/nothing',
    '/etc/containers/policy.json',
    '/etc/init.d/podman',
    '/usr/share/doc/podman/copyright',
    '/usr/share/documents',
    '/var/lib/containers',
    '',
  ]
  expect([...wantedPaths(listed.join('\n'))]).toEqual([
    'usr/bin',
    'usr/bin/podman',
    'usr/lib/systemd/system/podman.socket',
    'etc/containers/policy.json',
    'usr/share/documents',
  ])
})
