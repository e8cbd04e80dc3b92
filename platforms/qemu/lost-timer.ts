// Under emulation a virtual CPU now and then (about once in a hundred boots of two CPUs under TCG of QEMU 10) stops getting
// timer interrupts while it still answers to others. The guest never comes up, and its kernel says why, every 21 or 63 s.

import type { LineFeed } from '../../harness/machine.ts'

const LOST = /^\[ *\d+\.\d+\] rcu: rcu_\w+ kthread timer wakeup didn't happen for \d+ jiffies/

/** Once may be a host that was busy for so long. */
const TIMES = 2

/** Calls back, once, when the guest's kernel has told of it twice from now on; until the returned function is called. */
export function onLostTimer(console: Pick<LineFeed, 'subscribe'>, onLost: () => void): () => void {
  let isHistory = true
  let times = 0
  const stop = console.subscribe((line) => {
    if (isHistory || !LOST.test(line)) return
    times += 1
    if (times === TIMES) onLost()
  })
  isHistory = false
  return stop
}
