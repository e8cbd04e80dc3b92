// A small OS suite for the tests of the gate, on fake machines. SEEDED says what is wrong with the image: the machines then
// do what those of such an image would.

import { describe, expect, skip, test } from '../../index.ts'
import { fakeMachine } from '../fake-machine.test.data.ts'

const seeded = process.env['SEEDED'] ?? ''
let tries = 0

describe('boot', () => {
  test('usr', { tags: ['smoke'] }, async ({ machine }) => {
    expect(await machine.run('echo /usr')).toBe('/usr')
  })

  test('units', { tags: ['smoke'] }, async ({ machine }) => {
    if (seeded === 'unit') await machine.run('fake fail-unit web.service')
    expect(await machine.run('echo started')).toBe('started')
  })

  test(
    'kernel',
    { ignition: fakeMachine(seeded === 'panic' ? { boot: 'panic' } : {}) },
    async ({ machine }) => {
      expect(await machine.run('echo linux')).toBe('linux')
    },
  )
})

describe('users', () => {
  test('core', async ({ machine }) => {
    tries += 1
    if (seeded === 'flake' && tries === 1) await machine.run('fake fail-unit login.service')
    expect(await machine.run('echo core')).toBe('core')
  })

  test('tpm', () => {
    skip('there is no TPM here')
  })
})
