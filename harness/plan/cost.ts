// What a job costs while it runs: for a boot what its machines may use, for forks what clones like them were measured to
// use for themselves.

import type { RegisteredTest } from '../registry.ts'
import { coldJob, type Job } from './group.ts'
import type { Cost } from './schedule.ts'

/** What an emulator needs besides the guest's memory. */
const OVERHEAD_MIB = 150

/** Until a clone was measured: the part of its memory that it is taken to write. */
export const FIRST_GUESS = 0.3

export interface Costs {
  of(job: Job): Cost
  /** Takes note of what a job's machines use, in MiB, and returns the corrected cost. */
  measured(job: Job, privateMiB: number): Cost
}

/** What the machines of a test are taken to use, MiB: as clones that nobody has measured yet, or booted. */
export function memoryOf(test: RegisteredTest, how: 'fork' | 'boot'): number {
  return openCosts().of({ ...coldJob(test), forks: how === 'fork' }).memoryMiB
}

/** Opens an account of costs for one run. */
export function openCosts(): Costs {
  // By the machine that is asked for; a clone's own memory hardly depends on what test it runs.
  const known = new Map<string, number>()
  const keyOf = ({ tests }: Job): string => {
    const { memoryMiB, cpus, machines } = tests[0]?.requirements ?? {}
    return JSON.stringify([memoryMiB, cpus, machines])
  }
  const nominal = ({ tests }: Job): Cost => {
    const { machines = 1, memoryMiB = 1024, cpus = 2 } = tests[0]?.requirements ?? {}
    // A test that boots machines by itself has at least one at a time.
    const count = Math.max(1, machines)
    return { memoryMiB: count * (memoryMiB + OVERHEAD_MIB), cpus: count * cpus }
  }
  return {
    of(job) {
      const full = nominal(job)
      // The job of several tests boots first; what follows are jobs of one test.
      if (!job.forks || job.tests.length > 1) return full
      const memoryMiB = Math.min(full.memoryMiB, known.get(keyOf(job)) ?? full.memoryMiB * FIRST_GUESS)
      return { memoryMiB, cpus: full.cpus }
    },
    measured(job, privateMiB) {
      const full = nominal(job)
      if (!job.forks || !Number.isFinite(privateMiB)) return full
      // A fifth more than ever seen: the next one may write a little more.
      const memoryMiB = Math.min(full.memoryMiB, Math.max(known.get(keyOf(job)) ?? 0, privateMiB * 1.2))
      known.set(keyOf(job), memoryMiB)
      return { memoryMiB, cpus: full.cpus }
    },
  }
}
