import { expect, it } from 'vitest'
import { openBudget } from './budget.ts'

const never = new AbortController().signal

it('admits what fits and makes the rest wait until something is given back', async () => {
  const budget = openBudget({ memoryMiB: 100, cpus: 4 })
  const first = await budget.acquire({ memoryMiB: 60, cpus: 2 }, never)
  let admitted = false
  const second = budget.acquire({ memoryMiB: 60, cpus: 2 }, never).then((lease) => {
    admitted = true
    return lease
  })
  await Promise.resolve()
  expect(admitted).toBe(false)
  first[Symbol.dispose]()
  first[Symbol.dispose]()
  ;(await second)[Symbol.dispose]()
  expect(budget.free).toEqual({ memoryMiB: 100, cpus: 4 })
})

it('does not starve a big job behind small ones', async () => {
  const budget = openBudget({ memoryMiB: 100, cpus: 100 })
  const order: string[] = []
  const small = await budget.acquire({ memoryMiB: 50, cpus: 1 }, never)
  const big = budget.acquire({ memoryMiB: 100, cpus: 1 }, never).then((lease) => {
    order.push('big')
    lease[Symbol.dispose]()
  })
  const late = budget.acquire({ memoryMiB: 50, cpus: 1 }, never).then((lease) => {
    order.push('late')
    lease[Symbol.dispose]()
  })
  small[Symbol.dispose]()
  await Promise.all([big, late])
  expect(order).toEqual(['big', 'late'])
})

it('runs what is larger than the whole budget alone', async () => {
  const budget = openBudget({ memoryMiB: 100, cpus: 1 })
  const lease = await budget.acquire({ memoryMiB: 500, cpus: 8 }, never)
  expect(budget.free).toEqual({ memoryMiB: 0, cpus: 0 })
  lease[Symbol.dispose]()
})

it('lets a waiter go when it is aborted, and those behind it in', async () => {
  const budget = openBudget({ memoryMiB: 100, cpus: 4 })
  const held = await budget.acquire({ memoryMiB: 50, cpus: 1 }, never)
  const controller = new AbortController()
  const big = budget.acquire({ memoryMiB: 100, cpus: 1 }, controller.signal)
  const small = budget.acquire({ memoryMiB: 50, cpus: 1 }, never)
  controller.abort(new Error('interrupted'))
  await expect(big).rejects.toThrow('interrupted')
  ;(await small)[Symbol.dispose]()
  held[Symbol.dispose]()
})
