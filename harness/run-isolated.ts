// The end of a run with isolated attempts: what has failed is tried once more, one at a time, when nothing else of the run
// is left and the host is quiet.

import type { RunEnvironment } from './attempt/environment.ts'
import type { Isolation } from './events.ts'
import { busyReason, openQuiet, readHostLoad } from './host-quiet.ts'

export interface IsolatedOptions<Work> {
  readonly env: Pick<RunEnvironment, 'emit' | 'session' | 'signal'>
  /** Most to wait for a quiet host, in all. */
  readonly quietWaitMs: number
  /** Tests that wait now. */
  readonly count: number
  /** The next one, also of those that were added meanwhile. */
  readonly next: () => Work | undefined
  /** Memory that it will use, MiB. */
  readonly needs: (work: Work) => number
  /** Never throws. */
  readonly perform: (work: Work, isolated: Isolation) => Promise<void>
}

/** Performs all that waits, one after the other. Never throws; stops when the run is interrupted. */
export async function runIsolated<Work>(options: IsolatedOptions<Work>): Promise<void> {
  const { env, quietWaitMs, count, next, needs, perform } = options
  const { emit, session, signal } = env
  if (count === 0 || signal.aborted) return
  const whom = count === 1 ? '1 failed test is' : `${count} failed tests are`
  const message = `${whom} tried once more, one at a time, with nothing beside`
  emit({ type: 'run.notice', level: 'info', code: 'isolated-retries', message })
  let memoryMiB = 0
  const whenQuiet = openQuiet({
    budgetMs: quietWaitMs,
    signal,
    busy: () =>
      (session.mayAdmit?.(memoryMiB) ?? true) === true ? busyReason(readHostLoad()) : 'memory is short',
    onBusy: (reason) => {
      const waited = `the host was not quiet after ${Math.round(quietWaitMs / 1000)} s (${reason})`
      const said = `${waited}: what is tried alone may still have been disturbed from outside`
      emit({ type: 'run.notice', level: 'warning', code: 'host-not-quiet', message: said })
    },
  })
  for (let work = next(); work !== undefined && !signal.aborted; work = next()) {
    memoryMiB = needs(work)
    const isolated = await whenQuiet().catch(() => undefined)
    if (isolated === undefined) return
    await perform(work, isolated)
  }
}
