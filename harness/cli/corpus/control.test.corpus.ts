// A corpus for the CLI's own tests: machines that SSH does not reach, and what is done over the control line.

import { expect, test } from '../../index.ts'
import { fakeMachine } from '../fake-machine.test.data.ts'

test('control.without-ssh', async ({ machine }) => {
  await machine.control.run('fake lose-ssh network-down')
  expect(await machine.control.run('echo hello')).toBe('hello')
  expect(await machine.control.exec(['fake', 'what'])).toMatchObject({
    exitCode: 2,
    stderr: 'fake: what is what?\n'.trim(),
  })
  expect(await machine.control.run('stdin', { input: "it's\n\u001B[31mred" })).toBe("it's\n\u001B[31mred")
  const flood = await machine.control.exec('fake flood 3000000')
  expect([flood.truncated, flood.stdout.length]).toEqual([true, 1024 * 1024 - 1])
  expect(flood.stdoutBytes).toBeGreaterThan(2_999_999)
  expect(await machine.control.journal(5)).toEqual(['[    1.000000] fake systemd[1]: Startup finished.'])
  expect(await machine.control.readFile('/etc/machine-id')).toMatch(/^[0-9a-f]{32}\n$/)
  await expect(machine.control.readFile('/none')).rejects.toThrow('No such file')
  await expect(machine.control.run('sleep 100', { timeoutMs: 100 })).rejects.toThrow(
    'waited 0.1 s for the command "sleep 100" over the control line of m0',
  )
  await machine.control.run('fake lose-ssh ok')
  expect(await machine.run('echo over SSH again')).toBe('over SSH again')
})

test('control.agent-killed', async ({ machine }) => {
  await expect(machine.control.exec('fake kill-agent')).rejects.toThrow('the agent in m0 was started anew')
  expect(await machine.control.run('echo again')).toBe('again')
})

test('control.off', async ({ machine }) => {
  await machine.power('cut')
  await expect(machine.control.exec('true')).rejects.toThrow('m0 is off')
})

test('lost.at-boot', { ignition: fakeMachine({ ssh: 'sshd-failed' }) }, async ({ machine }) => {
  await machine.run('true')
})

test('lost.in-body', { timeoutMs: 1500 }, async ({ machine }) => {
  await machine.control.run('fake lose-ssh sshd-masked')
  await machine.run('true')
})

test('lost.after-reboot', { timeoutMs: 1500 }, async ({ machine }) => {
  await machine.run('fake lose-ssh network-down at-boot')
  await machine.reboot()
})

test('lost.altogether', { ignition: fakeMachine({ boot: 'silent' }) }, async ({ machine }) => {
  await machine.run('true')
})

test('hangs.sudo', { timeoutMs: 60_000 }, async ({ machine }) => {
  await machine.run('fake write /fake/sudo-hangs')
  expect(await machine.run('echo hello')).toBe('goodbye')
})

test(
  'starved.at-boot',
  { ignition: fakeMachine({ boot: 'silent', times: 1, cpuTime: { ranMs: 1000, waitedMs: 9000 } }) },
  async ({ machine }) => {
    await machine.run('true')
  },
)

test('not-lost.slow-body', { timeoutMs: 500 }, async ({ machine }) => {
  await machine.run('sleep 100')
})

test('not-lost.wrong', async ({ machine }) => {
  expect(await machine.run('echo a')).toBe('b')
})
