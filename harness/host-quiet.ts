// Whether the host has nothing else to do, for attempts that must not be disturbed: the kernel's CPU and I/O pressure
// (Documentation/accounting/psi.rst), or the load average where it does not tell those. The wait is bounded.

import { readFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { sleep } from './deadline.ts'
import type { Isolation } from './events.ts'

export interface HostLoad {
  /** Share of the last ten seconds in which some task waited for a CPU or for I/O, percent; undefined: not known. */
  readonly cpuPercent: number | undefined
  readonly ioPercent: number | undefined
  /** Processes that ran or waited in the last minute, a CPU. */
  readonly load: number
}

/** Above this share of time spent waiting the host counts as busy. */
const MOST_PERCENT = 10
const MOST_LOAD = 0.5
const POLL_MS = 500

/** Reads the host's state now. */
export function readHostLoad(folder = '/proc/pressure'): HostLoad {
  return {
    cpuPercent: somePercent(readText(`${folder}/cpu`)),
    ioPercent: somePercent(readText(`${folder}/io`)),
    load: (loadavg()[0] ?? 0) / availableParallelism(),
  }
}

/** `some avg10=` of a PSI file; undefined when it is not there. */
export function somePercent(text: string): number | undefined {
  const found = /^some avg10=(\d+(?:\.\d+)?)/m.exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** Why the host is not quiet, or undefined when it is. Pure. */
export function busyReason({ cpuPercent, ioPercent, load }: HostLoad): string | undefined {
  if (ioPercent !== undefined && ioPercent > MOST_PERCENT) return `I/O pressure is ${Math.round(ioPercent)} %`
  if (cpuPercent === undefined) return load > MOST_LOAD ? `the load is ${load.toFixed(1)} a CPU` : undefined
  return cpuPercent > MOST_PERCENT ? `CPU pressure is ${Math.round(cpuPercent)} %` : undefined
}

export interface QuietOptions {
  /** Most to wait in all, over every call. */
  readonly budgetMs: number
  /** Why not to start now, or undefined. */
  readonly busy: () => string | undefined
  /** Told once, when the budget is spent and the host is still busy. */
  readonly onBusy: (reason: string) => void
  readonly signal: AbortSignal
  readonly now?: () => number
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>
}

/** Opens a budget of waiting; each call waits until the host is quiet or the budget is spent. */
export function openQuiet(options: QuietOptions): () => Promise<Isolation> {
  const { budgetMs, busy, onBusy, signal, now = () => performance.now(), wait = sleep } = options
  let leftMs = budgetMs
  let told = false
  return async () => {
    const startedAt = now()
    const waitedMs = (): number => Math.round(now() - startedAt)
    for (;;) {
      const reason = busy()
      if (reason === undefined) {
        leftMs -= waitedMs()
        return { waitedMs: waitedMs(), quiet: true }
      }
      if (waitedMs() >= leftMs) {
        leftMs = 0
        if (!told) onBusy(reason)
        told = true
        return { waitedMs: waitedMs(), quiet: false }
      }
      await wait(Math.min(POLL_MS, leftMs - waitedMs()), signal)
    }
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
