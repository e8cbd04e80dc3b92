// How much memory of the host a process has for itself alone: what a clone costs beside its template.

import { readFileSync } from 'node:fs'

/** Anonymous and dirtied pages of a process in MiB (proc(5), smaps_rollup); undefined when it is gone. */
export function privateMemoryMiB(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
    const kib = /^Pss_Anon:\s+(\d+) kB/m.exec(text)?.[1] ?? /^Private_Dirty:\s+(\d+) kB/m.exec(text)?.[1]
    return kib === undefined ? undefined : Number(kib) / 1024
  } catch {
    return undefined
  }
}
