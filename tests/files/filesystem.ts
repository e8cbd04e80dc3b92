// The whole tree: who may become whom, what anybody may write, and what has no business in an image.

import { describe, expect, test } from '../../harness/index.ts'
import { readMemoryTree, readTree, type TreeEntry } from './tree.ts'

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

// A control character in a name can forge a listing, a space breaks scripts. Perl is there: Debian's essential packages need it.
const FORBIDDEN =
  /\.(?:old|orig|bak|dpkg-(?:old|new|dist|tmp))$|\/(?:(?:python|pypy)\d?(?:\.\d+)?)$|^\/usr\/share\/(?:man|info)\/|[\p{Cc}\s]/u

/** Devices that everybody may write to. */
const openDevices = [
  '/dev/full',
  '/dev/fuse',
  '/dev/net/tun',
  '/dev/null',
  '/dev/ptmx',
  '/dev/random',
  '/dev/tty',
  '/dev/urandom',
  '/dev/vfio/vfio',
  '/dev/zero',
]

const stickyInMemory = [
  '/dev/shm',
  '/run/lock',
  '/tmp',
  // tmpfiles.d/x11.conf
  '/tmp/.ICE-unix',
  '/tmp/.X11-unix',
  '/tmp/.XIM-unix',
  '/tmp/.font-unix',
]

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
    'modes-in-memory',
    {
      description:
        'In /run, /dev and /tmp only the listed devices are writable for everybody, only the listed directories are, and those are sticky.',
      aliases: ['cl.filesystem'],
    },
    async ({ machine }) => {
      const tree = await readMemoryTree(machine)
      expect(tree.length).toBeGreaterThan(200)
      const files = tree.filter(({ type }) => type === 'f')
      expect.soft(paths(files.filter(({ mode }) => (mode & 0o6000) !== 0))).toEqual([])
      expect.soft(paths(files.filter(({ mode }) => (mode & 0o002) !== 0))).toEqual([])
      const devices = tree.filter(({ type }) => type === 'c' || type === 'b')
      expect.soft(paths(devices.filter(({ mode }) => (mode & 0o002) !== 0))).toEqual(openDevices)
      const directories = tree.filter(({ type }) => type === 'd')
      const open = directories.filter(({ mode }) => (mode & 0o002) !== 0)
      expect.soft(paths(open.filter(({ mode }) => (mode & 0o1000) === 0))).toEqual([])
      const sticky = new Set(paths(directories.filter(({ mode }) => (mode & 0o1000) !== 0)))
      expect.soft([...sticky]).toEqual(stickyInMemory)
    },
  )

  test(
    'left-overs',
    {
      description:
        'No dead links, no left-overs of the package manager, no manuals, no Python; no file name has a space or a control character.',
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
