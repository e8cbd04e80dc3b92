// A corpus for the CLI's own tests: machines whose journal comes late, and tests that share them and break units.

import { describe, skip, test } from '../../index.ts'
import { fakeMachine } from '../fake-machine.test.data.ts'

const ignition = fakeMachine({ journalLagMs: 1500 })

describe('late', { exclusive: false, oneMachine: true, ignition }, () => {
  test('a', async ({ machine }) => void (await machine.run('true')))

  test('b-breaks', async ({ machine }) => void (await machine.run('fake fail-unit by-b.service')))

  test('c-after', async ({ machine }) => void (await machine.run('true')))

  test('d-does-not-mind', { leaveOutChecks: ['failed-units'] }, async ({ machine }) => {
    await machine.run('fake fail-unit by-d.service')
  })

  test('e-after', async ({ machine }) => void (await machine.run('true')))

  test('f-fails', async ({ machine }) => {
    await machine.run('fake fail-unit by-f.service')
    await machine.run('false')
  })

  test('g-after', async ({ machine }) => void (await machine.run('true')))
})

describe('group', { serial: true, ignition }, () => {
  test('a', async ({ machine }) => void (await machine.run('true')))

  test('b-breaks', async ({ machine }) => void (await machine.run('fake fail-unit by-b.service')))

  test('c-skips', async ({ machine }) => {
    await machine.run('fake fail-unit by-c.service')
    skip('not today')
  })

  test('d-after', async ({ machine }) => void (await machine.run('true')))
})
