// A corpus for the CLI's own tests on real machines: failures to be kept, saved and entered.

import { expect, test } from '../../index.ts'

test('debug.fails', { timeoutMs: 120_000 }, async ({ machine }) => {
  await machine.run('echo the-butler > /run/clue', { sudo: true })
  await machine.run('echo on-disk > /var/clue', { sudo: true })
  await machine.run('nohup sleep 100000 >/dev/null 2>&1 &')
  expect(await machine.run('uname -s')).toBe('Minix')
})

test(
  'debug.cluster-fails',
  { machines: 2, privateNetwork: true, timeoutMs: 120_000 },
  async ({ cluster }) => {
    for (const machine of cluster.machines)
      await machine.run(`echo i-am-${machine.name} > /run/clue`, { sudo: true })
    throw new Error('the cluster fails')
  },
)
