// A corpus for the CLI's own tests: three tests share a boot that one of them breaks.

import { describe, test } from '../../index.ts'
import { fakeMachine } from '../fake-machine.test.data.ts'

describe('broken', { exclusive: false }, () => {
  test('a', async ({ machine }) => {
    await machine.run('true')
  })

  test('b-breaks-it', { ignition: fakeMachine({ boot: 'panic' }) }, async ({ machine }) => {
    await machine.run('true')
  })

  test('c', async ({ machine }) => {
    await machine.run('true')
  })
})
