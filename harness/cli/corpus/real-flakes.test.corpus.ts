// A corpus for the CLI's own tests on real machines: tests that find out whether their machine is fresh, and that pass only
// sometimes.

import { expect, test } from '../../index.ts'

test('real.repeated', async ({ machine }) => {
  expect((await machine.exec('cat /run/mark')).exitCode).toBe(1)
  await machine.run('touch /run/mark', { sudo: true })
  expect(test.info().attempt.n).not.toBe(2)
})

test('real.flakes', async ({ machine }) => {
  expect((await machine.exec('cat /run/mark')).exitCode).toBe(1)
  await machine.run('touch /run/mark', { sudo: true })
  expect(test.info().attempt.n).toBe(2)
})
