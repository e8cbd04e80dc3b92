// A corpus for the CLI's own tests: tests that share one machine although each could have a clone of its own.

import { describe, expect, test } from '../../index.ts'

describe('together', { exclusive: false, oneMachine: true }, () => {
  test('a', async ({ machine }) => {
    expect(await machine.run('fake origin')).toBe('fork')
    await machine.run(['fake', 'console', 'a was here'])
  })

  test('b-fails', async ({ console }) => {
    expect(console.lines()).toContain('a was here')
    expect('b').toBe('a')
  })

  test('c', async ({ machine, console }) => {
    expect(await machine.run('fake origin')).toBe('fork')
    expect(console.lines()).toContain('a was here')
  })

  test('d-apart', { conflicts: ['together.c'] }, ({ console }) => {
    expect(console.lines()).not.toContain('a was here')
  })
})

describe('lost', { exclusive: false, oneMachine: true, memoryMiB: 512 }, () => {
  test('a-dies', async ({ machine }) => {
    if (test.info().attempt.n === 1) await machine.run('fake die')
  })

  test('b', async ({ machine }) => {
    await machine.run('true')
  })
})
