// A corpus for nightlies: tests that come out otherwise from night to night, as the environment says.

import { describe, expect, test } from '../../index.ts'

const night = process.env['NIGHT'] ?? '1'

describe('nightly', () => {
  test('is-green', async ({ machine }) => {
    await machine.run('true')
  })

  test('breaks', async ({ machine }) => {
    expect(`${await machine.run('uname -m')} in night ${night}`).not.toBe('aarch64 in night 2')
  })

  test('is-mended', async ({ machine }) => {
    await machine.run('true')
    expect(night).not.toBe('1')
  })

  test('stays-red', async ({ machine }) => {
    await machine.run('false')
  })

  test('wakes', async ({ machine }) => {
    await machine.run(night === 'long' ? 'sleep 600' : 'true')
  })
})
