// A corpus for the CLI's own tests: failed machines that are saved, and some that cannot be.

import { test } from '../../index.ts'
import { fakeMachine } from '../fake-machine.test.data.ts'

test('saved.fails', async ({ machine }) => {
  await machine.run('fake write /tmp/clue the butler')
  throw new Error('whodunit')
})

test('saved.passes', async ({ machine }) => {
  await machine.run('true')
})

test('saved.cluster', { machines: 2, privateNetwork: true }, async ({ cluster }) => {
  for (const machine of cluster.machines) await machine.run(`fake write /tmp/clue i am ${machine.name}`)
  throw new Error('they disagree')
})

test('saved.disk-full', { ignition: fakeMachine({ saving: 'fails' }) }, () => {
  throw new Error('whodunit')
})

test('saved.never', { ignition: fakeMachine({ saving: 'never' }) }, () => {
  throw new Error('whodunit')
})

test('saved.elsewhere', { ignition: fakeMachine({ saving: 'unreadable' }) }, () => {
  throw new Error('whodunit')
})

test('saved.off', async ({ machine }) => {
  await machine.power('cut')
  throw new Error('whodunit')
})
