// Arrays of disks: how much they hold, what they outlive, and that a lost member is noticed.

import { describe, expect, test, type Machine } from '../../harness/index.ts'
import { digest, diskPath, fill, mountNew, plugDisks, plugging } from './disks.ts'

const sudo = { sudo: true } as const
const ARRAY = '/dev/md/sbx'

async function createArray(machine: Machine, level: number, devices: readonly string[]): Promise<void> {
  const shape = [`--level=${level}`, `--raid-devices=${devices.length}`, '--metadata=1.2', '--homehost=any']
  await machine.run(['mdadm', '--create', ARRAY, '--run', '--quiet', ...shape, ...devices], sudo)
}

async function state(machine: Machine): Promise<string> {
  const details = await machine.run(['mdadm', '--detail', ARRAY], sudo)
  return /^\s*State : (.*?)\s*$/m.exec(details)?.[1] ?? details
}

describe('storage.raid', { ...plugging, features: ['mdadm'], tags: ['system'], timeoutMs: 120_000 }, () => {
  for (const [level, members, holds] of [
    [0, 2, 2],
    [1, 2, 1],
    [5, 3, 2],
    [10, 4, 2],
  ] as const) {
    test(
      `level-${level}`,
      {
        description: `An array of ${members} disks holds ${holds === 1 ? 'one' : holds} of them, and is put together again with its data.`,
      },
      async ({ machine }) => {
        const disks = await plugDisks(machine, ['a', 'b', 'c', 'd'].slice(0, members), 32)
        await createArray(machine, level, disks)
        const bytes = Number(await machine.run(['/usr/sbin/blockdev', '--getsize64', ARRAY], sudo))
        // A MiB or two of each disk are the array's own.
        expect(bytes / 2 ** 20).toBeGreaterThan(holds * 28)
        expect(bytes / 2 ** 20).toBeLessThanOrEqual(holds * 32)
        await mountNew(machine, ARRAY, 'ext4', '/mnt/array')
        const before = await fill(machine, '/mnt/array/data', 8)
        await machine.run('umount /mnt/array && mdadm --stop --quiet /dev/md/sbx', sudo)
        await expect(machine).not.toHaveFile(ARRAY)
        await machine.run(['mdadm', '--assemble', '--quiet', ARRAY, ...disks], sudo)
        await machine.run(['mount', ARRAY, '/mnt/array'], sudo)
        expect(await digest(machine, '/mnt/array/data')).toBe(before)
        await expect
          .poll(async () => await state(machine), { timeoutMs: 8000 * machine.slowness })
          .toMatch(/^(?:clean|active)$/)
      },
    )
  }

  for (const level of [1, 5] as const) {
    test(
      `member-lost-${level}`,
      {
        description:
          'A member that goes away is noticed; the data is there all the same, and a new disk takes its place.',
        expectedMessages: ['block-io-error', 'offline-device'],
      },
      async ({ machine, journal }) => {
        const serials = ['a', 'b', 'c'].slice(0, level === 1 ? 2 : 3)
        await createArray(machine, level, await plugDisks(machine, serials, 32))
        await mountNew(machine, ARRAY, 'ext4', '/mnt/array')
        const before = await fill(machine, '/mnt/array/data', 8)
        // The first copy is made behind the back.
        await expect
          .poll(async () => await state(machine), { timeoutMs: 20_000 * machine.slowness })
          .toMatch(/^(?:clean|active)$/)
        await machine.pullDisk('b')
        await machine.run('dd if=/dev/zero of=/mnt/array/more bs=1M count=1 conv=fsync', sudo)
        await journal.waitFor(/md\/raid.*(?:Disk failure on|Operation continuing)/)
        expect(await state(machine)).toContain('degraded')
        const watch = ['mdadm', '--monitor', '--oneshot', '--program=/bin/echo', ARRAY]
        // The word of the monitor's program, not of a test message: the event, and the array that it is about.
        expect(await machine.run(watch, sudo)).toMatch(/^DegradedArray \/dev\/md\S+/m)
        expect(await digest(machine, '/mnt/array/data')).toBe(before)
        await plugDisks(machine, ['new'], 32)
        await machine.run(['mdadm', ARRAY, '--add', diskPath('new')], sudo)
        await expect
          .poll(async () => await state(machine), { timeoutMs: 20_000 * machine.slowness })
          .toMatch(/^(?:clean|active)$/)
        expect(await digest(machine, '/mnt/array/data')).toBe(before)
      },
    )
  }
})
