import { expect, test } from 'vitest'
import type { MachineSpec } from '../machine.ts'
import type { RegisteredTest } from '../registry.ts'
import { costOf, dollars, requireAffordable, type CostOptions } from './cost-limit.ts'
import type { Plan } from './plan.ts'

const spec: MachineSpec = { name: 'm0', architecture: 'x86_64', memoryMiB: 1, cpus: 1, tpm: false, disks: [] }
const testOf = (name: string, machines?: number): RegisteredTest =>
  ({ name, requirements: machines === undefined ? {} : { machines } }) as RegisteredTest
const plan = { jobs: [{ tests: [testOf('one')] }, { tests: [testOf('three', 3)] }] } as unknown as Plan
const ofOne = (name: string): number | undefined => (name === 'one' ? 10_000 : undefined)
const options: CostOptions = {
  // A dollar a machine and second.
  session: { estimateCost: (_, machines, ms) => (machines * ms) / 1000 },
  specOf: () => spec,
  durations: { recordedMs: ofOne, expectedMs: ofOne },
  slowness: 1,
  repeat: undefined,
}

test.each<[string, Partial<CostOptions>, number | undefined]>([
  ['recorded durations, and guesses with a boot', {}, 10 + 3 * 20],
  ['each test so often', { repeat: 2 }, 2 * 70],
  ['nothing where machines cost nothing', { session: {} }, 0],
  ['nobody knows', { session: { estimateCost: () => undefined } }, undefined],
])('what a plan costs: %s', (_, more, cost) => {
  expect(costOf(plan, { ...options, ...more })).toBe(cost)
})

test('what costs more than allowed is refused with both amounts, and what has no price too', () => {
  requireAffordable(2, 2)
  requireAffordable(undefined, undefined)
  expect(() => requireAffordable(2.01, 2)).toThrow('cost about $2.01, and --max-cost allows $2.00')
  expect(() => requireAffordable(undefined, 2)).toThrow(expect.objectContaining({ code: 'cost-unknown' }))
  expect(dollars(0.00042)).toBe('$0.00042')
})
