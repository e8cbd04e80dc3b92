// What killed runs left behind: found in the ledger, removed before a new run starts.

import type { Emit } from '../events.ts'

/** Removes what belongs to dead processes and tells the run about it. */
export async function sweepUp(emit: Emit): Promise<void> {
  const { reapDeadMachines } = await import('../../qemu/index.ts')
  const removed = await reapDeadMachines()
  if (removed.length === 0) return
  const what = removed.map(({ kind, id }) => `${kind} ${id}`).join(', ')
  emit({
    type: 'run.notice',
    level: 'info',
    code: 'swept-up',
    message: `removed what an earlier run left: ${what}`,
  })
}
