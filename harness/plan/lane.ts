// The part of a schedule that one target of a run has: its jobs compete with those of the others for the host's room, no more
// of them at once than it says, and it knows when they are done.

import type { Schedule, ScheduledJob } from './schedule.ts'

export interface Lane {
  add(job: ScheduledJob): void
  /** Resolves when none of its jobs runs or waits, or the schedule was stopped and nothing runs. */
  onIdle(): Promise<void>
}

export interface LaneOptions {
  readonly schedule: Schedule
  /** Most of its jobs at once. */
  readonly most: number
  /** Told what a job's `run` threw. */
  readonly onError: (error: unknown, id: string) => void
}

/** Opens an empty lane. */
export function openLane({ schedule, most, onError }: LaneOptions): Lane {
  /** Handed to the schedule and not finished. */
  let handed = 0
  const held: ScheduledJob[] = []
  let idle: PromiseWithResolvers<void> | undefined
  const hand = (job: ScheduledJob): void => {
    handed += 1
    schedule.add({
      ...job,
      async run(lease) {
        try {
          await job.run(lease)
        } catch (error) {
          onError(error, job.id)
        } finally {
          handed -= 1
          next()
        }
      },
    })
  }
  const next = (): void => {
    held.sort((a, b) => b.weightMs - a.weightMs)
    for (const job of held.splice(0, Math.max(0, most - handed))) hand(job)
    if (handed === 0) idle?.resolve()
  }
  return {
    add(job) {
      // With no fewer places than the schedule has, all of them may as well wait there, where they are known.
      if (handed < most || most >= schedule.slots) hand(job)
      else held.push(job)
    },
    async onIdle() {
      if (handed === 0) return
      idle ??= Promise.withResolvers<void>()
      await Promise.race([idle.promise, schedule.onIdle()])
    },
  }
}
