// A process group: a service and everything it started.

import { sleep } from '../deadline.ts'

/** How long a group may take to end when it is asked to. */
export const GRACE_MS = 5_000

/** Whether a group still has a process (one that ended and that nobody waited for counts too). */
export function isGroupAlive(group: number): boolean {
  return signalGroup(group, 0)
}

/** Sends a signal to every process of a group; false when there is none. */
export function signalGroup(group: number, name: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, name)
    return true
  } catch {
    return false
  }
}

/** Asks a group to end, and after the grace period kills it. Says whether it had to be killed. */
export async function endGroup(group: number, graceMs = GRACE_MS): Promise<'ended' | 'killed'> {
  const deadlineMs = performance.now() + graceMs
  if (!signalGroup(group, 'SIGTERM')) return 'ended'
  while (isGroupAlive(group)) {
    if (performance.now() >= deadlineMs) {
      signalGroup(group, 'SIGKILL')
      return 'killed'
    }
    await sleep(20)
  }
  return 'ended'
}
