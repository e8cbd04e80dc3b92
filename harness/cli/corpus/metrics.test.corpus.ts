// Tests that measure something.

import { metric, test } from '../../index.ts'

test('metric.good', async ({ machine }) => {
  await machine.run('true')
  metric('disk.used', 42.5, 'MiB')
  metric('answers', 3)
})

test('metric.bad-name', async ({ machine }) => {
  await machine.run('true')
  metric('Disk Used', 1)
})

test('metric.no-number', async ({ machine }) => {
  await machine.run('true')
  metric('disk.used', Number.NaN)
})
