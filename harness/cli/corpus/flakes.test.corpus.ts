// A corpus for the CLI's own tests: tests that pass only sometimes, alone, or when the bug is there.

import { describe, expect, skip, test } from '../../index.ts'
import { fakeMachine } from '../fake-machine.test.data.ts'

/** Passes in the attempts that the list names. */
const passesIn = (...attempts: readonly number[]): void => {
  const { n } = test.info().attempt
  expect(attempts).toContain(n)
}

/** Finds nothing that another attempt has left, and leaves something itself. */
const leaveMark = async (machine: { run(command: string): Promise<string> }): Promise<void> => {
  await expect(machine.run('cat /etc/mark')).rejects.toThrow('No such file')
  await machine.run('fake write /etc/mark me')
}

/** Bodies that run at this moment, and the moment when three of them do. */
const load = { running: 0, all: Promise.withResolvers<void>() }

/** Runs beside two others at first, and beside whatever there is later; says how many there were. */
const beside = async (machine: { run(command: string): Promise<string> }): Promise<number> => {
  load.running += 1
  if (load.running === 3) load.all.resolve()
  if (test.info().attempt.n === 1) await load.all.promise
  await machine.run('true')
  const others = load.running - 1
  // Whoever is the first to leave must not be the reason why another one is alone.
  if (test.info().attempt.n === 1) await machine.run('sleep 0.3')
  load.running -= 1
  return others
}

describe('repeat', () => {
  test('passes', async ({ machine }) => {
    await leaveMark(machine)
  })

  test('fails', async ({ machine }) => {
    await machine.run('false')
  })

  test('flakes', async ({ machine }) => {
    await leaveMark(machine)
    passesIn(1, 3, 4)
  })

  test('loses-machines', { ignition: fakeMachine({ boot: 'create-fails' }) }, async ({ machine }) => {
    await machine.run('true')
  })

  test('skips', () => {
    skip('not tonight')
  })

  for (const name of ['shares-a', 'shares-b'])
    test(name, { exclusive: false }, async ({ machine }) => {
      await leaveMark(machine)
    })
})

describe('load', () => {
  test('burdens', async ({ machine }) => {
    await beside(machine)
  })

  test('bears-none', async ({ machine }) => {
    expect(await beside(machine)).toBe(0)
  })

  test('is-broken', async ({ machine }) => {
    await beside(machine)
    expect(1).toBe(2)
  })
})

describe('retried', { exclusive: false }, () => {
  test('one', async ({ machine }) => {
    await leaveMark(machine)
    passesIn(2)
  })

  test('two', async ({ machine }) => {
    await machine.run('fake write /etc/other me')
  })

  test('loses-one', async ({ machine }) => {
    if (test.info().attempt.n === 1) await machine.run('fake die')
    await machine.run('true')
    passesIn(3)
  })
})
