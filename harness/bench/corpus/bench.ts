// What the benchmarks run.

import { expect, test } from '../../index.ts'

test('bench.trivial', async ({ machine }) => {
  await machine.run('true')
})

test('bench.first-boot', { firstBoot: true }, async ({ machine }) => {
  await machine.run('true')
})

test('bench.eight-machines', { machines: 8, memoryMiB: 768, timeoutMs: 600_000 }, async ({ cluster }) => {
  const kernels = await Promise.all(cluster.machines.map(async (machine) => await machine.run('uname -s')))
  expect(kernels).toEqual(Array.from({ length: 8 }, () => 'Linux'))
})
