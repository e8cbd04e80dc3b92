// How much of the host's CPU a process has had, and how long it waited for it: whether a slow guest is slow or was starved.

import { readdirSync, readFileSync } from 'node:fs'

/** Over all threads that a process has now. */
export interface CpuTime {
  readonly ranMs: number
  /** Ready to run, and another had the CPU. */
  readonly waitedMs: number
}

/** Reads `/proc/PID/task/*` (`schedstat`, Documentation/scheduler/sched-stats.rst); undefined when the process or the file is not there. */
export function cpuTime(pid: number): CpuTime | undefined {
  try {
    const folder = `/proc/${pid}/task`
    let [ran, waited] = [0, 0]
    for (const thread of readdirSync(folder)) {
      const [ranNs = Number.NaN, waitedNs = Number.NaN] = readFileSync(
        `${folder}/${thread}/schedstat`,
        'utf8',
      )
        .split(' ')
        .map(Number)
      ran += ranNs
      waited += waitedNs
    }
    return Number.isFinite(ran + waited) ? { ranMs: ran / 1e6, waitedMs: waited / 1e6 } : undefined
  } catch {
    return undefined
  }
}
