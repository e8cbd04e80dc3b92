import { describe, expect, test } from 'vitest'
import type { RegisteredTest } from '../registry.ts'
import type { Requirements } from '../requirements.ts'
import { openCosts } from './cost.ts'
import type { Job } from './group.ts'

const make = (name: string, requirements: Requirements): RegisteredTest => ({
  name,
  requirements,
  body: () => undefined,
  location: { file: 'x.ts', line: 1, column: 1 },
})
const job = (requirements: Requirements, more: Partial<Job> = {}): Job => {
  const tests = [make('a', requirements)]
  return { id: 'a', tests, sources: tests, shared: false, forks: true, initrd: false, ...more }
}
const OVERHEAD = 150

describe('a boot costs what its machines may use', () => {
  test.each<[string, Requirements, { memoryMiB: number; cpus: number }]>([
    ['by default', {}, { memoryMiB: 1024 + OVERHEAD, cpus: 2 }],
    ['as asked for', { memoryMiB: 512, cpus: 1 }, { memoryMiB: 512 + OVERHEAD, cpus: 1 }],
    ['of a cluster', { memoryMiB: 512, cpus: 1, machines: 3 }, { memoryMiB: 3 * (512 + OVERHEAD), cpus: 3 }],
    ['that boots by itself', { machines: 0 }, { memoryMiB: 1024 + OVERHEAD, cpus: 2 }],
  ])('%s', (_, requirements, cost) => {
    const costs = openCosts()
    expect(costs.of(job(requirements, { forks: false }))).toEqual(cost)
    // A boot is not measured: it may yet use all.
    expect(costs.measured(job(requirements, { forks: false }), 10)).toEqual(cost)
    expect(costs.of(job(requirements, { forks: false }))).toEqual(cost)
  })

  test('so does a job of several forks, which boots first, and one that shares a boot', () => {
    const several = job({ memoryMiB: 1000 })
    const tests = [...several.tests, make('b', { memoryMiB: 1000 })]
    const costs = openCosts()
    costs.measured(several, 100)
    for (const shared of [true, false])
      expect(costs.of({ ...several, tests, shared })).toEqual({ memoryMiB: 1000 + OVERHEAD, cpus: 2 })
  })
})

describe('a fork costs', () => {
  test('a part of it until one was measured', () => {
    expect(openCosts().of(job({ memoryMiB: 850 }))).toEqual({ memoryMiB: 300, cpus: 2 })
  })

  test('a fifth more than was measured', () => {
    const costs = openCosts()
    expect(costs.measured(job({ memoryMiB: 850 }), 200)).toEqual({ memoryMiB: 240, cpus: 2 })
    expect(costs.of(job({ memoryMiB: 850 }))).toEqual({ memoryMiB: 240, cpus: 2 })
    // More than was guessed, too.
    costs.measured(job({ memoryMiB: 850 }), 500)
    expect(costs.of(job({ memoryMiB: 850 })).memoryMiB).toBe(600)
  })

  test('what the greediest used', () => {
    const costs = openCosts()
    costs.measured(job({}), 300)
    expect(costs.measured(job({}), 100).memoryMiB).toBe(360)
    expect(costs.of(job({})).memoryMiB).toBe(360)
  })

  test('never more than a boot', () => {
    const costs = openCosts()
    const nominal = { memoryMiB: 512 + OVERHEAD, cpus: 2 }
    expect(costs.measured(job({ memoryMiB: 512 }), 10_000)).toEqual(nominal)
    expect(costs.of(job({ memoryMiB: 512 }))).toEqual(nominal)
  })

  test('what machines like it used, and no others', () => {
    const costs = openCosts()
    costs.measured(job({ memoryMiB: 850 }), 100)
    const other = { ...job({ memoryMiB: 850, timeoutMs: 5 }), id: 'b' }
    expect(costs.of(other).memoryMiB).toBe(120)
    for (const requirements of [
      { memoryMiB: 851 },
      { memoryMiB: 850, cpus: 4 },
      { memoryMiB: 850, machines: 2 },
    ])
      expect(costs.of(job(requirements)).memoryMiB).not.toBe(120)
  })

  test('what a boot does where nothing could be measured', () => {
    const costs = openCosts()
    expect(costs.measured(job({ memoryMiB: 850 }), Number.NaN).memoryMiB).toBe(1000)
    expect(costs.of(job({ memoryMiB: 850 })).memoryMiB).toBe(300)
  })
})
