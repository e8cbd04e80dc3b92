// Admission: a job starts only when the memory and the CPUs its machines need are free. First come, first served, so
// that a big job is not starved by small ones.

/** What a job costs while it runs. */
export interface Cost {
  readonly memoryMiB: number
  readonly cpus: number
}

export interface Budget {
  /** Waits until the cost fits and takes it; a cost above the whole budget runs alone. Dispose to give it back. */
  acquire(cost: Cost, signal: AbortSignal): Promise<Disposable>
  /** What is free now. */
  readonly free: Cost
}

interface Waiter {
  readonly cost: Cost
  readonly admit: () => void
}

/** Opens a budget of that size. */
export function openBudget(total: Cost): Budget {
  let { memoryMiB, cpus } = total
  const waiters: Waiter[] = []
  const clamp = (cost: Cost): Cost => ({
    memoryMiB: Math.min(cost.memoryMiB, total.memoryMiB),
    cpus: Math.min(cost.cpus, total.cpus),
  })
  const admitNext = (): void => {
    for (let next = waiters[0]; next !== undefined; next = waiters[0]) {
      if (next.cost.memoryMiB > memoryMiB || next.cost.cpus > cpus) return
      waiters.shift()
      memoryMiB -= next.cost.memoryMiB
      cpus -= next.cost.cpus
      next.admit()
    }
  }
  return {
    get free() {
      return { memoryMiB, cpus }
    },
    async acquire(wanted, signal) {
      signal.throwIfAborted()
      const cost = clamp(wanted)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const waiter: Waiter = { cost, admit: resolve }
      const onAbort = (): void => {
        const place = waiters.indexOf(waiter)
        if (place < 0) return
        waiters.splice(place, 1)
        reject(signal.reason as Error)
        admitNext()
      }
      signal.addEventListener('abort', onAbort, { once: true })
      waiters.push(waiter)
      admitNext()
      try {
        await promise
      } finally {
        signal.removeEventListener('abort', onAbort)
      }
      let held = true
      return {
        [Symbol.dispose]() {
          if (!held) return
          held = false
          memoryMiB += cost.memoryMiB
          cpus += cost.cpus
          admitNext()
        },
      }
    },
  }
}
