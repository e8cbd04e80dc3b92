// The whole tree: who may become whom, what anybody may write, and what has no business in an image.

import { describe, expect, test } from '../../harness/index.ts'
import { readTree, type TreeEntry } from './tree.ts'

const setuid = [
  '/usr/bin/chfn',
  '/usr/bin/chsh',
  '/usr/bin/gpasswd',
  '/usr/bin/mount',
  '/usr/bin/newgrp',
  '/usr/bin/passwd',
  '/usr/bin/su',
  '/usr/bin/sudo',
  '/usr/bin/umount',
  '/usr/lib/dbus-1.0/dbus-daemon-launch-helper',
  '/usr/lib/openssh/ssh-keysign',
]
const setgid = ['/usr/bin/chage', '/usr/bin/expiry', '/usr/bin/ssh-agent', '/usr/sbin/unix_chkpwd']

// A control character in a name can forge a listing.
const FORBIDDEN =
  /\.(?:old|orig|bak|dpkg-(?:old|new|dist|tmp))$|\/(?:python\d?(?:\.\d+)?)$|^\/usr\/share\/(?:man|info)\/|[\p{Cc}]/u

const paths = (entries: readonly TreeEntry[]): readonly string[] => entries.map(({ path }) => path).toSorted()

describe('files', { exclusive: false, distros: ['reference'] }, () => {
  test(
    'modes',
    {
      description:
        'Only the listed programs are setuid or setgid; nothing is writable for everybody; all have an owner.',
      aliases: ['cl.filesystem'],
    },
    async ({ machine }) => {
      const tree = await readTree(machine)
      expect(tree.length).toBeGreaterThan(2000)
      const files = tree.filter(({ type }) => type === 'f')
      expect.soft(paths(files.filter(({ mode }) => (mode & 0o4000) !== 0))).toEqual(setuid)
      expect.soft(paths(files.filter(({ mode }) => (mode & 0o2000) !== 0))).toEqual(setgid)
      expect.soft(paths(files.filter(({ mode }) => (mode & 0o002) !== 0))).toEqual([])
      const directories = tree.filter(({ type }) => type === 'd')
      const open = directories.filter(({ mode }) => (mode & 0o002) !== 0)
      expect.soft(paths(open.filter(({ mode }) => (mode & 0o1000) === 0))).toEqual([])
      expect
        .soft(paths(directories.filter(({ mode }) => (mode & 0o1000) !== 0)))
        .toEqual(['/tmp', '/var/tmp'])
      // find(1) prints the number of an owner that has no name.
      expect.soft(paths(tree.filter(({ owner }) => /^\d|:\d/.test(owner)))).toEqual([])
    },
  )

  test(
    'left-overs',
    {
      description:
        'No dead links, package manager left-overs, manuals or interpreters, no strange file names.',
      aliases: ['cl.filesystem'],
    },
    async ({ machine }) => {
      const tree = await readTree(machine)
      // `?` is a target that cannot be looked at: one below /run that only its owner sees.
      const dead = tree.filter(({ type, leadsTo }) => type === 'l' && (leadsTo === 'N' || leadsTo === 'L'))
      expect.soft(paths(dead)).toEqual([])
      expect.soft(paths(tree.filter(({ path }) => FORBIDDEN.test(path)))).toEqual([])
    },
  )
})
