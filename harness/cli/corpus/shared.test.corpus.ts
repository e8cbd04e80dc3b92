// A corpus for the CLI's own tests: tests that share one boot, with merged configs and separate verdicts.

import { describe, expect, test } from '../../index.ts'

const file = (path: string, text: string) => ({
  ignition: { version: '3.0.0' },
  storage: { files: [{ path, mode: 420, contents: { source: `data:,${text}` } }] },
})

describe('shared', { exclusive: false }, () => {
  test('one', { ignition: file('/etc/one', '1') }, async ({ machine }) => {
    expect(await machine.run('cat /etc/one')).toBe('1')
    await machine.run(['fake', 'console', 'seen by one'])
  })

  test('two-fails', { ignition: file('/etc/two', '2') }, async ({ machine, console }) => {
    expect(console.lines()).toContain('seen by one')
    expect(await machine.run('cat /etc/two')).toBe('3')
  })

  test('three', { ignition: file('/etc/three', '3') }, async ({ machine }) => {
    expect(await machine.run('cat /etc/three')).toBe('3')
  })

  test('with-conflict', { ignition: file('/etc/one', '9') }, async ({ machine }) => {
    expect(await machine.run('cat /etc/one')).toBe('9')
  })
})
