// A corpus for matrices: what passes everywhere, fails on one architecture only, runs on one firmware only, and runs nowhere.

import { describe, expect, test } from '../../index.ts'

describe('matrix', () => {
  test('everywhere', { tags: ['smoke'] }, async ({ machine }) => {
    await machine.run('true')
  })

  test('not-on-arm64', async ({ machine }) => {
    expect(await machine.run('uname -m')).toBe('x86_64')
  })

  test('only-with-bios', { firmwares: ['bios'] }, async ({ machine }) => {
    await machine.run('true')
  })

  test('with-tpm', { tpm: true }, async ({ machine }) => {
    await machine.run('true')
  })

  test('nowhere', { platforms: ['aws'] }, async ({ machine }) => {
    await machine.run('true')
  })
})
