// What the tests of the scheduler play on: a clock moved by hand, and jobs that run until the test ends them.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { openSchedule, type Clock, type Lease, type ScheduleOptions } from './schedule.ts'

interface ManualClock extends Clock {
  readonly sleepers: number
  pass(ms: number): Promise<void>
}

/** A clock that stands still until `pass`, which first lets happen what can happen now. */
export function openManualClock(): ManualClock {
  let nowMs = 0
  const sleepers = new Set<{ readonly atMs: number; readonly wake: () => void }>()
  return {
    now: () => nowMs,
    get sleepers() {
      return sleepers.size
    },
    async sleep(ms, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const sleeper = { atMs: nowMs + ms, wake: resolve }
      sleepers.add(sleeper)
      signal.addEventListener('abort', () => reject(signal.reason))
      await promise.finally(() => sleepers.delete(sleeper))
    },
    async pass(ms) {
      await nextTurn()
      nowMs += ms
      for (const sleeper of sleepers) if (sleeper.atMs <= nowMs) sleeper.wake()
      await nextTurn()
    },
  }
}

/** What a test says about a job. */
export interface Wanted {
  readonly weightMs?: number
  readonly memoryMiB?: number
  readonly cpus?: number
  readonly gate?: Promise<unknown>
}

/** A job that the test ends; `lease` is there once it runs. */
interface HeldJob {
  readonly ended: PromiseWithResolvers<void>
  lease: Lease | undefined
}

/** Opens a schedule with room for ten jobs and for jobs that run until they are told to end. */
export function openStage(options: Partial<ScheduleOptions> = {}) {
  const clock = openManualClock()
  const started: string[] = []
  const errors: string[] = []
  const jobs = new Map<string, HeldJob>()
  const schedule = openSchedule({
    slots: 10,
    capacity: { memoryMiB: 1000, cpus: 10 },
    clock,
    onError: (error, id) => errors.push(`${id}: ${String(error)}`),
    ...options,
  })
  return {
    clock,
    schedule,
    /** The jobs that have started, in that order. */
    started,
    errors,
    add: (id: string, { weightMs = 1, memoryMiB = 1, cpus = 1, gate }: Wanted = {}): void => {
      const job: HeldJob = { ended: Promise.withResolvers<void>(), lease: undefined }
      jobs.set(id, job)
      const run = async (lease: Lease): Promise<void> => {
        started.push(id)
        job.lease = lease
        await job.ended.promise
      }
      schedule.add({ id, weightMs, cost: { memoryMiB, cpus }, gate, run })
    },
    finish: async (...ids: readonly string[]): Promise<void> => {
      for (const id of ids) jobs.get(id)?.ended.resolve()
      await nextTurn()
    },
    fail: async (id: string, error: Error): Promise<void> => {
      jobs.get(id)?.ended.reject(error)
      await nextTurn()
    },
    resize: async (id: string, memoryMiB: number): Promise<void> => {
      jobs.get(id)?.lease?.resize({ memoryMiB, cpus: 1 })
      await nextTurn()
    },
    /** Whether nothing runs and nothing waits. */
    isIdle: async (): Promise<boolean> =>
      await Promise.race([schedule.onIdle().then(() => true), nextTurn().then(() => false)]),
  }
}
