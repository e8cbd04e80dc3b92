import { expect, it } from 'vitest'
import { createFeed } from '../fake/feed.ts'
import { onLostTimer } from './lost-timer.ts'

const LINE =
  "rcu: rcu_preempt kthread timer wakeup didn't happen for 5249 jiffies! g-691 f0x0 RCU_GP_WAIT_FQS(5) ->state=0x402"

it("calls when the kernel has said twice that a CPU's timer is gone, in this life of the machine", () => {
  const console = createFeed()
  console.push(`[   28.387890] ${LINE}`)
  let calls = 0
  const stop = onLostTimer(console, () => (calls += 1))
  console.push(`[    9.387890] ${LINE}`)
  console.push(`login: ${LINE}`)
  console.push(LINE)
  expect(calls).toBe(0)
  console.push(`[   91.350357] ${LINE}`)
  console.push(`[  154.352823] ${LINE}`)
  expect(calls).toBe(1)
  stop()
})
