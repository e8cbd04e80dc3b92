// Disks that fail, and memory that is short: who uses them is told, and the machine goes on.

import { describe, expect, test } from '../../harness/index.ts'
import { digest, fill, mountNew, plugDisks, plugging } from './disks.ts'

const sudo = { sudo: true } as const

describe('storage', { ...plugging, tags: ['system'] }, () => {
  test(
    'disk-gone',
    {
      description:
        'A disk that is pulled while it is mounted: writing fails with an error, the kernel says so, and the machine goes on.',
      expectedMessages: [
        'block-io-error',
        'offline-device',
        'ext4-error',
        'ext4-read-only',
        'ext4-delayed-allocation',
      ],
    },
    async ({ machine, journal }) => {
      const [disk = ''] = await plugDisks(machine, ['data'], 64)
      await mountNew(machine, disk, 'ext4', '/mnt/data')
      await fill(machine, '/mnt/data/file', 4)
      await machine.pullDisk('data')
      const write = await machine.exec('dd if=/dev/zero of=/mnt/data/more bs=1M count=4 conv=fsync', sudo)
      expect(write.exitCode).not.toBe(0)
      expect(write.stderr).toMatch(/Input\/output error|Read-only file system|No such device/)
      await journal.waitFor(/(?:I\/O error|Buffer I\/O error|EXT4-fs.*(?:error|shut ?down))/i)
      await expect(machine).not.toHaveFile(disk)
      await machine.run(['umount', '/mnt/data'], sudo)
      await expect(machine).toRun(['systemctl', 'is-system-running'], { stdout: /^running$/ })
    },
  )

  test(
    'bad-blocks',
    {
      description:
        'A disk that cannot read some of its blocks: files elsewhere are read, those there give an error that the kernel logs.',
      expectedMessages: ['block-io-error', 'ext4-error', 'ext4-read-only'],
    },
    async ({ machine, journal }) => {
      const [disk = ''] = await plugDisks(machine, ['data'], 64)
      await mountNew(machine, disk, 'ext4', '/mnt/data')
      const good = await fill(machine, '/mnt/data/good', 4)
      await fill(machine, '/mnt/data/bad', 4)
      const extents = await machine.run(['filefrag', '-v', '-b512', '/mnt/data/bad'], sudo)
      const [, first = ''] = /^\s*0:\s+0\.\.\s*\d+:\s+(\d+)\.\./m.exec(extents) ?? []
      await machine.run('umount /mnt/data', sudo)
      // The same disk but for a hole of eight sectors in the middle of the file, made by the device mapper.
      expect(Number(first)).toBeGreaterThan(0)
      const start = Number(first) + 64
      const sectors = Number(await machine.run(['/usr/sbin/blockdev', '--getsz', disk], sudo))
      const table = [
        `0 ${start} linear ${disk} 0`,
        `${start} 8 error`,
        `${start + 8} ${sectors - start - 8} linear ${disk} ${start + 8}`,
      ]
      await machine.run(['/usr/sbin/dmsetup', 'create', 'sbx-worn'], {
        ...sudo,
        stdin: `${table.join('\n')}\n`,
      })
      await machine.run('mount /dev/mapper/sbx-worn /mnt/data', sudo)
      expect(await digest(machine, '/mnt/data/good')).toBe(good)
      const read = await machine.exec(['cat', '/mnt/data/bad'], { ...sudo, maxOutputBytes: 1024 })
      expect(read.exitCode).not.toBe(0)
      expect(read.stderr).toContain('Input/output error')
      // What goes through the page cache of a filesystem is not logged, what is read from the disk itself is.
      await machine.exec(['dd', 'if=/dev/mapper/sbx-worn', 'of=/dev/null', `skip=${start}`, 'count=8'], sudo)
      await journal.waitFor(/Buffer I\/O error on dev dm-/)
    },
  )

  test(
    'swap-file',
    {
      description:
        'With a swap file a service that needs more memory than it may is swapped out, not killed.',
      aliases: ['cl.swap_activation'],
    },
    async ({ machine }) => {
      const [disk = ''] = await plugDisks(machine, ['data'], 256)
      await mountNew(machine, disk, 'ext4', '/mnt/data')
      await machine.run(
        'dd if=/dev/zero of=/mnt/data/swap bs=1M count=128 conv=fsync && chmod 600 /mnt/data/swap && mkswap -q /mnt/data/swap',
        sudo,
      )
      const unit = '[Unit]\nRequiresMountsFor=/mnt/data\n\n[Swap]\nWhat=/mnt/data/swap\n'
      await machine.writeFile('/etc/systemd/system/mnt-data-swap.swap', unit)
      await machine.run(['systemctl', 'daemon-reload'], sudo)
      await machine.run(['systemctl', 'start', 'mnt-data-swap.swap'], sudo)
      await expect(machine).toRun(['swapon', '--show=NAME,TYPE', '--noheadings'], {
        stdout: /^\/mnt\/data\/swap\s+file$/m,
      })
      const limits = ['--property=MemoryMax=32M', '--property=MemorySwapMax=96M']
      // tail(1) keeps its last line, all 48 MiB of it, until the input ends.
      const script = '(head -c 48M /dev/zero; sleep infinity) | tail'
      await machine.run(['systemd-run', '--unit=sbx-swapped', ...limits, 'sh', '-c', script], sudo)
      const swapped = async (): Promise<number> =>
        Number(await machine.readFile('/sys/fs/cgroup/system.slice/sbx-swapped.service/memory.swap.current'))
      await expect.poll(swapped, { timeoutMs: 12_000 * machine.slowness }).toBeGreaterThan(12 * 2 ** 20)
      await expect(machine).toHaveActiveUnit('sbx-swapped.service')
      await machine.run(['systemctl', 'stop', 'sbx-swapped.service', 'mnt-data-swap.swap'], sudo)
      expect(await machine.run(['swapon', '--show', '--noheadings'])).toBe('')
    },
  )
})
