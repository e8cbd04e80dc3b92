// Memory of processes, seen from outside through /proc (proc(5)).

import { readdir, readFile } from 'node:fs/promises'

/** The high-water mark of a process's resident memory, MiB; 0 when it is gone. */
export async function peakResidentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024
}

/** What the QEMU processes below a process hold for themselves: their share of anonymous memory, summed, MiB. */
export async function emulatorMemoryMiB(root: number): Promise<number> {
  const parents = new Map<number, number>()
  const emulators: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    // `pid (comm) state ppid ...`; the name may hold anything.
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
    const [, comm = '', ppid = ''] = /^\d+ \((.*)\) \S (\d+)/s.exec(stat) ?? []
    parents.set(Number(name), Number(ppid))
    if (comm.startsWith('qemu-system')) emulators.push(Number(name))
  }
  const ours = emulators.filter((pid) => isBelow(pid, root, parents))
  const each = await Promise.all(ours.map(async (pid) => await anonymousKiB(pid)))
  return each.reduce((sum, kib) => sum + kib, 0) / 1024
}

function isBelow(pid: number, root: number, parents: ReadonlyMap<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at))
    if (at === root) return true
  return false
}

async function anonymousKiB(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  return Number(/^Pss_Anon:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0)
}
