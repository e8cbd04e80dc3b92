// A corpus for the CLI's own tests on real machines: a serial group whose tests find what the ones before have left, over a
// reboot too.

import { describe, expect, test } from '../../index.ts'

describe('real.serial', { serial: true }, () => {
  test('writes', { timeoutMs: 60_000 }, async ({ machine }) => {
    expect((await machine.exec('test -e /var/lib/serial-mark')).exitCode).toBe(1)
    await machine.run('cp /proc/sys/kernel/random/boot_id /var/lib/serial-mark', { sudo: true })
    await machine.run('touch /run/serial-mark', { sudo: true })
  })

  test('reboots', { timeoutMs: 180_000 }, async ({ machine }) => {
    const bootId = await machine.run('cat /proc/sys/kernel/random/boot_id')
    expect(await machine.run('cat /var/lib/serial-mark')).toBe(bootId)
    expect((await machine.exec('test -e /run/serial-mark')).exitCode).toBe(0)
    await machine.reboot()
  })

  test('finds', { timeoutMs: 60_000 }, async ({ machine }) => {
    const bootId = await machine.run('cat /proc/sys/kernel/random/boot_id')
    const mark = await machine.run('cat /var/lib/serial-mark')
    expect(mark).toMatch(/^[0-9a-f-]{36}$/)
    expect(mark).not.toBe(bootId)
    expect((await machine.exec('test -e /run/serial-mark')).exitCode).toBe(1)
  })
})
