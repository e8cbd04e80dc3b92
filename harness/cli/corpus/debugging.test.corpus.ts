// A corpus for the CLI's own tests: failed machines that a person enters, and a test that asks for it.

import { expect, test } from '../../index.ts'

test('debug.fails', async ({ machine }) => {
  await machine.run('fake write /tmp/clue the butler')
  expect(await machine.run('echo hello')).toBe('bye')
})

test('debug.passes', async ({ machine }) => {
  expect(await machine.run('echo hello')).toBe('hello')
})

test('debug.fails-without-ssh', async ({ machine }) => {
  await machine.run('fake write /tmp/clue the gardener')
  await machine.control.run('fake lose-ssh')
  throw new Error('sshd is gone')
})

test('debug.fails-without-ssh-and-agent', async ({ machine }) => {
  await machine.control.run('fake lose-ssh')
  void machine.control.run('fake stop-agent').catch(() => undefined)
  throw new Error('all is gone')
})

test('debug.asks-for-a-shell', { timeoutMs: 1000 }, async ({ machine }) => {
  await machine.shell()
  expect(await machine.run('cat /tmp/from-the-shell')).toBe('it was me')
})

test('debug.chatters', async ({ machine }) => {
  await machine.run(['fake', 'console', '\u001B]0;owned\u0007\u001B[31mall is well'])
})
