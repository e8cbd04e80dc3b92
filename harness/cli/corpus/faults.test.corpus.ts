// A corpus for the CLI's own tests: configs and guests that are wrong in ways that must be said before or during a boot.

import { test } from '../../index.ts'
import { fakeMachine } from '../fake-machine.test.data.ts'

test(
  'fault.broken-ignition',
  { ignition: '{ "ignition": { "version": "3.3.0" }, }' },
  async ({ machine }) => {
    await machine.run('true')
  },
)

test('fault.old-ignition', { ignition: { ignition: { version: '2.1.0' } } }, async ({ machine }) => {
  await machine.run('true')
})

test(
  'fault.silent',
  { ignition: fakeMachine({ boot: 'silent', console: ['Starting the thing that hangs...'] }) },
  async ({ machine }) => {
    await machine.run('true')
  },
)

test('fault.emergency', { ignition: fakeMachine({ boot: 'emergency' }) }, async ({ machine }) => {
  await machine.run('true')
})

test('fault.floods-a-command', { timeoutMs: 60_000 }, async ({ machine }) => {
  const { stdoutBytes, truncated, stdout } = await machine.exec('fake flood 10000000')
  if (stdoutBytes < 10_000_000 || !truncated || stdout.length > 2_000_000) {
    throw new Error(`${stdoutBytes} bytes came, ${stdout.length} are kept, truncated: ${truncated}`)
  }
})

test('fault.fine', async ({ machine }) => {
  await machine.run('true')
})
