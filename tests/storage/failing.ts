// A disk that starts to fail while it is in use: QEMU's blkdebug answers with errors.

import { describe, expect, test } from '../../harness/index.ts'
import { digest, fill, mountNew, plugDisks, plugging } from './disks.ts'

const sudo = { sudo: true } as const

describe('storage', { ...plugging, tags: ['system'] }, () => {
  test(
    'failing-disk',
    {
      description:
        'A mounted disk starts to fail: who reads or writes gets an error, the kernel names the disk, the filesystem goes read-only, the machine goes on.',
      expectedMessages: ['block-io-error', 'ext4-error', 'ext4-read-only', 'ext4-delayed-allocation'],
    },
    async ({ machine, journal }) => {
      const [disk = ''] = await plugDisks(machine, ['data'], 64)
      await mountNew(machine, disk, 'ext4', '/mnt/data')
      await machine.run(['mount', '-o', 'remount,errors=remount-ro', '/mnt/data'], sudo)
      const good = await fill(machine, '/mnt/data/file', 4)
      const device = (await machine.run(['realpath', disk])).slice('/dev/'.length)
      const kernelSays = async (operation: 'READ' | 'WRITE'): Promise<void> => {
        await journal.waitFor(new RegExp(`I/O error, dev ${device}, sector \\d+ op \\S+\\(${operation}\\)`))
      }

      await machine.setDiskFaults('data', 'reads')
      await machine.run('echo 1 >/proc/sys/vm/drop_caches', sudo)
      const read = await machine.exec(['sha256sum', '/mnt/data/file'], sudo)
      expect(read.exitCode).not.toBe(0)
      expect(read.stderr).toContain('Input/output error')
      await kernelSays('READ')

      // It was the disk: once that is well, all of it is there.
      await machine.setDiskFaults('data', 'none')
      expect(await digest(machine, '/mnt/data/file')).toBe(good)

      await machine.setDiskFaults('data', 'writes')
      const write = await machine.exec('dd if=/dev/zero of=/mnt/data/more bs=1M count=4 conv=fsync', sudo)
      expect(write.exitCode).not.toBe(0)
      expect(write.stderr).toMatch(/Input\/output error|Read-only file system/)
      await kernelSays('WRITE')
      await expect
        .poll(async () => (await machine.exec(['touch', '/mnt/data/another'], sudo)).stderr, {
          timeoutMs: 20_000 * machine.slowness,
        })
        .toMatch(/Input\/output error|Read-only file system/)
      await journal.waitFor(new RegExp(`EXT4-fs \\(${device}\\): Remounting filesystem read-only`))
      await machine.run(['umount', '/mnt/data'], sudo)
      await machine.setDiskFaults('data', 'none')
      await machine.run(['mount', disk, '/mnt/data'], sudo)
      expect(await digest(machine, '/mnt/data/file')).toBe(good)
      await machine.run(['umount', '/mnt/data'], sudo)
      await expect(machine).toRun(['systemctl', 'is-system-running'], { stdout: /^running$/ })
    },
  )
})
