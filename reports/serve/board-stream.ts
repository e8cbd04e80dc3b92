// The stream of the overview: the runs that are going on, whenever something about them changes.

import { setTimeout as sleep } from 'node:timers/promises'
import type { RunProgress } from './data.ts'
import type { RunFolders } from './run-folders.ts'
import { GREETING, messageText, STILL_HERE } from './sse.ts'

const LOOK_MS = 1000
const QUIET_LOOKS = 15
const MOST = 20

/** Runs of the results folder that go on, or that the history does not have. */
export async function liveRuns(
  folders: RunFolders,
  knownOf: (runs: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<readonly RunProgress[]> {
  const newest = await folders.newest()
  const known = await knownOf(newest.flatMap(({ runs }) => runs))
  return newest
    .filter(({ runs, progress }) => progress.state === 'live' || !runs.every((run) => known.has(run)))
    .slice(0, MOST)
    .map(({ progress }) => progress)
}

/** Messages `runs` (an array of RunProgress): at once, and after each change. */
export async function* boardStream(
  look: () => Promise<readonly RunProgress[]>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let last = ''
  let quiet = 0
  yield GREETING
  while (!signal.aborted) {
    const message = messageText({ event: 'runs', data: await look() })
    quiet += 1
    if (message !== last) {
      last = message
      quiet = 0
      yield message
    } else if (quiet >= QUIET_LOOKS) {
      quiet = 0
      yield STILL_HERE
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
}
