// Decides when each job of a run starts: the longest first, when a slot is free, its cost fits and the host has room.
// A job too big for what is free lets smaller ones past for a while, then gets what comes free. Knows no test and no
// machine; time comes in from outside, so that a simulator can drive it.

import { AsyncLocalStorage } from 'node:async_hooks'
import { sleep } from '../deadline.ts'
import { openAdmission, type MayAdmit } from './admission.ts'
import { openSizedHeap } from './heap.ts'

/** What a job costs while it runs. */
export interface Cost {
  readonly memoryMiB: number
  readonly cpus: number
}

/** Monotonic time in milliseconds, and a way to wait for it. */
export interface Clock {
  now(): number
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/** What a running job holds. */
export interface Lease {
  /** Corrects the cost, up or down; what it gives back may admit others. Does nothing once the job has finished. */
  resize(cost: Cost): void
}

export interface ScheduledJob {
  readonly id: string
  /** Above the whole capacity it is clamped, and the job runs alone. */
  readonly cost: Cost
  /** How long it is expected to take; the longest starts first, equals in the order they were added. */
  readonly weightMs: number
  /** Until it settles, either way, the job takes no slot and no budget. */
  readonly gate?: Promise<unknown> | undefined
  readonly run: (lease: Lease) => Promise<void>
}

export interface ScheduleOptions {
  /** Most jobs at once. */
  readonly slots: number
  readonly capacity: Cost
  /**
   * Asked before each start, one question at a time, but never while nothing runs: then one job starts anyway. A hook
   * that throws is reported once and not asked again.
   */
  readonly mayAdmit?: MayAdmit | undefined
  /** Its abort is `stop()`. */
  readonly signal?: AbortSignal | undefined
  /** Told what a job's `run`, or `mayAdmit` for that job, threw. */
  readonly onError?: ((error: unknown, id: string) => void) | undefined
  /** Default: the real one. */
  readonly clock?: Clock
}

export interface Schedule {
  /** Jobs added in one go, with no `await` between, are ordered before the first of them starts. Ignored once stopped. */
  add(job: ScheduledJob): void
  /** Resolves when nothing runs and nothing waits. */
  onIdle(): Promise<void>
  /** Starts nothing new and drops what waits; what runs goes on. */
  stop(): void
  /** Negative where a running job turned out bigger than what was free. */
  readonly free: Cost
  /** Most jobs at once. */
  readonly slots: number
  readonly running: number
  /** Jobs not yet started, those behind a gate included. */
  readonly waiting: number
}

interface WaitingJob extends ScheduledJob {
  readonly sequence: number
}

/** Size classes a dimension of the capacity is cut into; what a hole may waste for want of a closer look. */
const SIZE_STEPS = 256

const realClock: Clock = { now: () => performance.now(), sleep }

/** How long smaller jobs may start before one that is first in line but too big for what is free. */
const patienceMs = ({ weightMs }: ScheduledJob): number => Math.min(Math.max(weightMs / 4, 1000), 60_000)

const isHeavier = (a: WaitingJob, b: WaitingJob): boolean =>
  a.weightMs > b.weightMs || (a.weightMs === b.weightMs && a.sequence < b.sequence)

/** Opens an empty schedule. */
export function openSchedule(options: ScheduleOptions): Schedule {
  const { capacity, signal, onError, clock = realClock } = options
  const slots = Math.max(1, options.slots)
  // A job starts because another one finished or gave back: it must not inherit that one's async context.
  const inOwnContext = AsyncLocalStorage.snapshot()
  const gated = new Set<WaitingJob>()
  const ready = openSizedHeap(isHeavier, ({ cost }) => sizeClass(cost, capacity))
  /** First in line, but too big for what is free; stays here until it starts. */
  let blocked: { readonly job: WaitingJob; readonly sinceMs: number } | undefined
  /** What the host is asked about now. */
  let asked: WaitingJob | undefined
  let { memoryMiB, cpus } = capacity
  let running = 0
  let added = 0
  let stopped = false
  let dispatching = false
  let idle: PromiseWithResolvers<void> | undefined

  const waiting = (): number => {
    const asksForAnother = asked !== undefined && asked !== blocked?.job
    return gated.size + ready.size + (blocked === undefined ? 0 : 1) + (asksForAnother ? 1 : 0)
  }
  const fits = ({ cost }: ScheduledJob): boolean =>
    running === 0 || (cost.memoryMiB <= memoryMiB && cost.cpus <= cpus)
  const take = (cost: Cost): void => {
    memoryMiB -= cost.memoryMiB
    cpus -= cost.cpus
  }
  const giveBack = (cost: Cost): void => {
    memoryMiB += cost.memoryMiB
    cpus += cost.cpus
  }
  const report = (error: unknown, id: string): void => {
    try {
      onError?.(error, id)
    } catch {
      // Whoever listens for errors has one of its own; the other jobs matter more.
    }
  }

  const dispatchSoon = (): void => {
    if (dispatching) return
    dispatching = true
    queueMicrotask(() => inOwnContext(dispatch))
  }
  const admission = openAdmission({
    mayAdmit: options.mayAdmit,
    clock,
    onOpen: dispatchSoon,
    onError: report,
  })
  const mayStart = (): boolean => !stopped && running < slots && admission.isOpen
  const dispatch = (): void => {
    dispatching = false
    if (running === 0) startAsked()
    while (mayStart()) {
      const job = takeNext()
      if (job === undefined) break
      admit(job)
    }
    if (running > 0 || waiting() > 0) return
    signal?.removeEventListener('abort', stop)
    idle?.resolve()
    idle = undefined
  }
  /** Nothing that runs will finish and change the host's mind, so its answer is not waited for. */
  const startAsked = (): void => {
    const job = asked
    asked = undefined
    admission.reset()
    if (job !== undefined) start(job)
  }
  const takeNext = (): WaitingJob | undefined => {
    if (blocked === undefined) {
      const first = ready.popFitting(() => true)
      if (first === undefined || fits(first)) return first
      blocked = { job: first, sinceMs: clock.now() }
    }
    const { job, sinceMs } = blocked
    if (fits(job)) return job
    return clock.now() - sinceMs < patienceMs(job) ? ready.popFitting(fits) : undefined
  }

  const admit = (job: WaitingJob): void => {
    if (running === 0) {
      start(job)
      return
    }
    asked = job
    admission.ask(job, (admitted) => {
      asked = undefined
      if (admitted && running < slots && fits(job)) start(job)
      else if (job !== blocked?.job) ready.push(job)
    })
  }
  const start = (job: WaitingJob): void => {
    if (job === blocked?.job) blocked = undefined
    running += 1
    take(job.cost)
    void work(job)
  }
  const work = async (job: WaitingJob): Promise<void> => {
    let held: Cost | undefined = job.cost
    const resize = (cost: Cost): void => {
      if (held === undefined) return
      giveBack(held)
      held = clamp(cost, capacity)
      take(held)
      dispatchSoon()
    }
    try {
      await job.run({ resize })
    } catch (error) {
      report(error, job.id)
    }
    giveBack(held)
    held = undefined
    running -= 1
    // Fractions of CPUs do not add up exactly.
    if (running === 0) ({ memoryMiB, cpus } = capacity)
    admission.relieve()
    dispatchSoon()
  }

  const add = (job: ScheduledJob): void => {
    if (stopped || signal?.aborted === true) {
      job.gate?.catch(() => undefined)
      return
    }
    signal?.addEventListener('abort', stop)
    const entry: WaitingJob = { ...job, cost: clamp(job.cost, capacity), sequence: added }
    added += 1
    if (job.gate === undefined) {
      ready.push(entry)
      dispatchSoon()
      return
    }
    gated.add(entry)
    const open = (): void => {
      if (!gated.delete(entry)) return
      ready.push(entry)
      dispatchSoon()
    }
    job.gate.then(open, open)
  }
  const stop = (): void => {
    stopped = true
    gated.clear()
    ready.clear()
    blocked = undefined
    asked = undefined
    admission.reset()
    dispatchSoon()
  }
  const onIdle = async (): Promise<void> => {
    if (running === 0 && waiting() === 0) return
    idle ??= Promise.withResolvers<void>()
    await idle.promise
  }
  return {
    add,
    onIdle,
    stop,
    slots,
    get free() {
      return { memoryMiB, cpus }
    },
    get running() {
      return running
    },
    get waiting() {
      return waiting()
    },
  }
}

function clamp(cost: Cost, capacity: Cost): Cost {
  return {
    memoryMiB: Math.min(cost.memoryMiB, capacity.memoryMiB),
    cpus: Math.min(cost.cpus, capacity.cpus),
  }
}

function sizeClass({ memoryMiB, cpus }: Cost, capacity: Cost): number {
  const step = (part: number, whole: number): number => Math.ceil((part / whole) * SIZE_STEPS)
  return step(memoryMiB, capacity.memoryMiB) * (SIZE_STEPS + 1) + step(cpus, capacity.cpus)
}
