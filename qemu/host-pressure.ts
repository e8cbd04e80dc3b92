// Whether the host can bear one more machine now: the kernel's pressure figures (PSI) and what memory is left. Asked before
// each start, so that a run backs off before the host swaps or kills.

import { readFileSync } from 'node:fs'

export interface HostPressure {
  /** Share of the last ten seconds in which some task waited for memory, percent; 0 where the kernel does not tell. */
  readonly memoryPercent: number
  /** What can be had without swapping, cgroup limits included. */
  readonly availableMiB: number
}

/** Reads the host's state now. */
export function readPressure(path = '/proc/pressure/memory'): HostPressure {
  return {
    memoryPercent: parsePressure(readText(path)),
    availableMiB: process.availableMemory() / 1024 / 1024,
  }
}

/** `some avg10=` of a PSI file (Documentation/accounting/psi.rst); 0 when it is not there. */
export function parsePressure(text: string): number {
  return Number(/^some avg10=(\d+(?:\.\d+)?)/m.exec(text)?.[1] ?? 0)
}

/** Above this share of time spent waiting for memory, nothing more is started. */
const MOST_PERCENT = 10
/** Memory that stays with the host. */
const RESERVE_MIB = 768
const RETRY_MS = 1000

/** Pure: may a machine that will use so much memory start now? */
export function mayStart(
  wantedMiB: number,
  { memoryPercent, availableMiB }: HostPressure,
): true | { readonly retryAfterMs: number } {
  return memoryPercent <= MOST_PERCENT && availableMiB - wantedMiB >= RESERVE_MIB
    ? true
    : { retryAfterMs: RETRY_MS }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
