// /usr cannot be made writable, not even by root: not the mount, not a second one, not the device below.

import { describe, expect, test } from '../../harness/index.ts'

const sudo = { sudo: true } as const

describe('security', { tags: ['system'], distros: ['reference'] }, () => {
  test(
    'usr-sealed',
    {
      description:
        'Root can neither remount /usr for writing, nor mount its device so elsewhere, nor write to the device.',
    },
    async ({ machine }) => {
      const before = await machine.run('sha256sum /usr/lib/os-release')
      const tries: readonly (readonly [string, string, RegExp])[] = [
        ['remount', 'mount -o remount,rw /usr', /cannot remount .* read-write|read-only|write-protected/i],
        [
          'remount of the mount alone',
          'mount -o remount,bind,rw /usr && touch /usr/bin/x',
          /Read-only file system/,
        ],
        [
          'bind',
          'mkdir -p /run/sbx-a && mount --bind /usr/bin /run/sbx-a && mount -o remount,bind,rw /run/sbx-a && touch /run/sbx-a/x',
          /Read-only file system/,
        ],
        [
          'second mount',
          'mkdir -p /run/sbx-b && mount -t erofs -o rw /dev/mapper/usr /run/sbx-b && touch /run/sbx-b/x',
          /Read-only file system|write-protected/i,
        ],
        [
          'device',
          'dd if=/dev/zero of=/dev/mapper/usr bs=4096 count=1 oflag=direct',
          /not permitted|read-only/i,
        ],
        [
          'device made writable',
          'blockdev --setrw /dev/mapper/usr && dd if=/dev/zero of=/dev/mapper/usr bs=4096 count=1 oflag=direct',
          /not permitted|read-only|denied|Input\/output/i,
        ],
      ]
      for (const [what, command, refusal] of tries) {
        await test.step(what, async () => {
          const { exitCode, stderr } = await machine.exec(['unshare', '--mount', 'sh', '-c', command], sudo)
          expect(exitCode).not.toBe(0)
          expect(stderr).toMatch(refusal)
        })
      }
      await machine.run('sync; echo 3 >/proc/sys/vm/drop_caches', sudo)
      expect(await machine.run('sha256sum /usr/lib/os-release')).toBe(before)
    },
  )

  test(
    'mounted-over',
    { description: 'What a process mounts over /usr in a namespace of its own nobody else sees.' },
    async ({ machine }) => {
      const cover = 'mount -t tmpfs none /usr/share && touch /usr/share/covered && ls -A /usr/share'
      expect(await machine.run(['unshare', '--mount', 'sh', '-c', cover], sudo)).toBe('covered')
      await expect(machine).not.toHaveFile('/usr/share/covered')
      await expect(machine).toHaveFile('/usr/share/reference', { type: 'directory' })
    },
  )
})
