import { expect, test } from 'vitest'
import { cpuTime } from './cpu-time.ts'

test('the time of a process grows with its work; of one that is gone nothing is known', () => {
  const before = cpuTime(process.pid) ?? expect.unreachable()
  const used = process.cpuUsage()
  while (process.cpuUsage(used).user < 100_000);
  const after = cpuTime(process.pid) ?? expect.unreachable()
  expect(after.ranMs - before.ranMs).toBeGreaterThan(80)
  expect(after.waitedMs).toBeGreaterThanOrEqual(before.waitedMs)
  expect(cpuTime(2 ** 22 + 1)).toBeUndefined()
})
