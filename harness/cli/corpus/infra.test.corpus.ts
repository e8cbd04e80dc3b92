// A corpus for the CLI's own tests: faults of the platform, which must never make a test red or green.

import { test } from '../../index.ts'
import { fakeMachine } from '../fake-machine.test.data.ts'

test('infra.once', { ignition: fakeMachine({ boot: 'create-fails', times: 1 }) }, async ({ machine }) => {
  await machine.run('true')
})

test('infra.always', { ignition: fakeMachine({ boot: 'create-fails' }) }, async ({ machine }) => {
  await machine.run('true')
})

test('infra.lost-in-the-middle', async ({ machine }) => {
  await machine.run('fake die')
  await machine.run('sleep 600')
})
