// Sixteen machines at once.

import { expect, test } from '../../index.ts'

test('burst.sixteen', { machines: 16, memoryMiB: 1024, timeoutMs: 600_000 }, async ({ cluster }) => {
  const answers = await Promise.all(cluster.machines.map(async (machine) => await machine.run('uname -s')))
  expect(answers).toEqual(Array.from({ length: 16 }, () => 'Linux'))
})
