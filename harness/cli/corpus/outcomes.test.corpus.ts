// A corpus for the CLI's own tests: one test for every way that an attempt can end, on fake machines.

import { describe, expect, skip, test } from '../../index.ts'
import { fakeMachine } from '../fake-machine.test.data.ts'

describe('outcome', () => {
  test('passes', { tags: ['good'], description: 'a body that is content' }, async ({ machine }) => {
    expect(await machine.run('echo hello')).toBe('hello')
  })

  test('fails-an-expectation', async ({ machine }) => {
    await test.step('look closer', async () => {
      expect(await machine.run('echo hello')).toBe('bye')
    })
  })

  test('fails-a-command', async ({ machine }) => {
    await machine.run('cat /etc/missing')
  })

  test('fails-softly', async ({ machine }) => {
    expect.soft(1).toBe(2)
    expect.soft(await machine.run('echo a')).toMatch(/b/)
    expect(await machine.run('true')).toBe('')
  })

  test('fails-a-unit', async ({ machine }) => {
    await machine.run('fake fail-unit broken.service')
  })

  test('panics', { timeoutMs: 20_000 }, async ({ machine }) => {
    await machine.run('fake panic')
    await machine.run('sleep 600')
  })

  test('expects-the-panic', { expectedMessages: ['kernel-panic'] }, async ({ machine, console }) => {
    await machine.run('fake panic')
    await console.waitFor(/Kernel panic/)
  })

  test('takes-too-long', { timeoutMs: 300 }, async ({ machine }) => {
    await machine.run('sleep 600')
  })

  test('powers-off', async ({ machine }) => {
    await machine.run('fake poweroff')
    await machine.run('true')
  })

  test('skips', () => {
    skip('there is no moon tonight')
  })

  test('throws', () => {
    throw new RangeError('a bug in the test')
  })

  test('boots-into-panic', { ignition: fakeMachine({ boot: 'panic' }) }, async ({ machine }) => {
    await machine.run('true')
  })

  test(
    'boots-with-failed-unit',
    { ignition: fakeMachine({ failedUnits: ['early.service'] }) },
    async ({ machine }) => {
      await machine.run('true')
    },
  )

  test('wrong-os', { ignition: fakeMachine({ osReleaseId: 'debian' }) }, async ({ machine }) => {
    await machine.run('true')
  })

  test('reboots', async ({ machine }) => {
    const before = await machine.run('cat /proc/sys/kernel/random/boot_id')
    await machine.reboot()
    expect(await machine.run('cat /proc/sys/kernel/random/boot_id')).not.toBe(before)
  })

  test('cuts-the-power', async ({ machine }) => {
    await machine.power('cut')
    await expect(machine.run('true')).rejects.toThrow('is off')
    await machine.power('on')
    expect(await machine.run('echo back')).toBe('back')
  })

  test('hostile', async ({ machine, console }) => {
    await machine.run(['fake', 'console', '\u001B]0;owned\u0007\u001B[31m<script>alert(1)</script>'])
    await console.waitFor('<script>')
    expect(await machine.run(['echo', '\u001B[2J<img src=x>'])).toBe('nothing of the kind')
  })
})
