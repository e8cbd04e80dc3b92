// A corpus for the CLI's own tests: serial groups. Their tests write down on the machine who was there, and find it again.

import { describe, expect, skip, test, type TestBody } from '../../index.ts'
import { fakeMachine } from '../fake-machine.test.data.ts'

type Machine = Parameters<TestBody>[0]['machine']

/** Who was on this machine before, in order. */
const visits = async (machine: Machine): Promise<readonly string[]> => {
  const { stdout, exitCode } = await machine.exec('cat /etc/visits')
  return exitCode === 0 ? stdout.trim().split(' ') : []
}

/** Signs in, and returns who was there before. */
const visit = async (machine: Machine): Promise<readonly string[]> => {
  const before = await visits(machine)
  await machine.run(['fake', 'write', '/etc/visits', ...before, shortName()])
  return before
}

const shortName = (): string => test.info().attempt.test.split('.').at(-1) ?? ''

const comesAfter =
  (...before: readonly string[]): TestBody =>
  async ({ machine }) => {
    expect(await visit(machine)).toEqual(before)
  }

/** Passes in the attempts that the list names. */
const passesIn = (...attempts: readonly number[]): void => {
  expect(attempts).toContain(test.info().attempt.n)
}

// Written in another order than that of their names.
describe('upgrade', { serial: true }, () => {
  test('stages', comesAfter())

  test('reboots', async ({ machine }) => {
    expect(await visit(machine)).toEqual(['stages'])
    await machine.reboot()
  })

  test('checks', comesAfter('stages', 'reboots'))
})

describe('goes-on', { serial: true }, () => {
  test('first', comesAfter())

  test('second-fails', async ({ machine }) => {
    expect(await visit(machine)).toEqual(['first'])
    await machine.run('false')
  })

  test('third', comesAfter('first', 'second-fails'))
})

describe('stops', { serial: 'stop-at-first-failure' }, () => {
  test('first', comesAfter())
  test('second-skips', () => skip('not here'))

  test('third-fails', async ({ machine }) => {
    expect(await visit(machine)).toEqual(['first'])
    await machine.run('false')
  })

  test('fourth', comesAfter('first', 'third-fails'))
  test('fifth', comesAfter())
})

describe('retried', { serial: 'stop-at-first-failure' }, () => {
  test('a', comesAfter())

  test('b-flakes', async ({ machine }) => {
    expect(await visit(machine)).toEqual(['a'])
    passesIn(2, 3)
  })

  test('c', comesAfter('a', 'b-flakes'))
})

describe('lost', { serial: true }, () => {
  test('a', comesAfter())

  test('b-dies', async ({ machine }) => {
    expect(await visit(machine)).toEqual(['a'])
    if (test.info().attempt.n === 1) await machine.run('fake die')
  })

  test('c', comesAfter('a', 'b-dies'))
})

describe('off', { serial: true }, () => {
  test('a', comesAfter())

  test('b-powers-off', async ({ machine }) => {
    await machine.run('fake poweroff')
    await machine.run('true')
  })

  test('c', comesAfter('a'))
})

describe('hangs', { serial: true }, () => {
  test('a', { timeoutMs: 300 }, async ({ machine }) => {
    await machine.run('sleep 30')
  })

  test('b', comesAfter())
})

describe('no-boot', { serial: true, ignition: fakeMachine({ boot: 'panic' }) }, () => {
  test('a', comesAfter())
  test('b', comesAfter('a'))
})

describe('fork-fails', { serial: true, ignition: fakeMachine({ fork: 'fails' }) }, () => {
  test('a', comesAfter())
  test('b', comesAfter('a'))
})

describe('damaged', { serial: true, ignition: fakeMachine({ console: ['will be damaged'] }) }, () => {
  test('a', comesAfter())

  test('b', async ({ machine }) => {
    expect(await visit(machine)).toEqual(['a'])
    await machine.run('fake damage-template')
  })

  test('c', comesAfter('a', 'b'))
})

describe('units', { serial: true }, () => {
  // What it expects is expected of nobody else.
  test('a-breaks', { expectedMessages: ['oom-killer'] }, async ({ machine }) => {
    await machine.run('fake fail-unit broken.service')
    await machine.run(['fake', 'console', 'Out of memory: Killed process 1 (a)'])
  })

  test('b', comesAfter())

  test('c-says-so', { leaveOutChecks: ['failed-units'] }, async ({ machine }) => {
    await machine.run('fake fail-unit other.service')
  })

  test('d-fills', async ({ machine }) => {
    await machine.run(['fake', 'console', 'Out of memory: Killed process 2 (d)'])
  })

  test('e-breaks-and-fails', async ({ machine }) => {
    await machine.run('fake fail-unit third.service')
    await machine.run('false')
  })

  test('f', comesAfter('b'))
})

describe('twins', { serial: true, machines: 2, privateNetwork: true }, () => {
  test('writes', async ({ cluster }) => {
    for (const machine of cluster.machines) await visit(machine)
  })

  test('finds', async ({ cluster }) => {
    expect(cluster.machines).toHaveLength(2)
    for (const machine of cluster.machines) expect(await visits(machine)).toEqual(['writes'])
    expect((await cluster.machines[0]?.exec('fake ping m1'))?.exitCode).toBe(0)
  })
})

describe('audited', { serial: true }, () => {
  test('a', comesAfter())

  test('b-differs', async ({ machine }) => {
    expect(await machine.run('fake origin')).toBe('fork')
  })

  test('c', comesAfter('a'))
})

describe('waits', { serial: true }, () => {
  test('a', comesAfter())

  test('b', async ({ machine }) => {
    await machine.run('sleep 60')
  })

  test('c', comesAfter('a'))
})

// These could share a machine with anybody, and have none of a group.
for (const name of ['x', 'y'])
  test(`outside.${name}`, { exclusive: false }, async ({ machine }) => {
    expect(await visits(machine)).toEqual([])
  })
