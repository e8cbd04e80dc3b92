// A reboot that may take several boots: what comes up first may hang, be unhealthy, and be given up by the machine itself.

import { sleep, startDeadline } from '../deadline.ts'
import { messageOf } from '../errors.ts'
import type { RebootHow, SshSession } from '../ssh/index.ts'

export interface LongReboot {
  readonly machine: string
  readonly session: SshSession
  readonly how: RebootHow | undefined
  /** For all boots together. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly lastSeen: () => string
  readonly becomeReady: (signal: AbortSignal) => Promise<void>
}

/** Between two looks at a machine that is not ready. */
const LOOK_AGAIN_MS = 1_000

/** Reboots, and waits for the first boot that is ready. Throws TimeoutError that says why the last one was not. */
export async function rebootUntilReady(options: LongReboot): Promise<void> {
  const { machine, session, how, timeoutMs, lastSeen, becomeReady } = options
  let last = ''
  using deadline = startDeadline({
    phase: `${machine} to be ready after a reboot`,
    timeoutMs,
    signal: options.signal,
    lastSeen: () => [last, `last console line: ${lastSeen()}`].filter((part) => part !== '').join('; '),
  })
  const { signal } = deadline
  await session.reboot({ how, timeoutMs, signal })
  for (;;) {
    try {
      await becomeReady(signal)
      return
    } catch (error) {
      if (signal.aborted) throw signal.reason
      last = messageOf(error)
      // Whatever boot comes next is as welcome.
      session.forgetBoot()
      await sleep(LOOK_AGAIN_MS, signal)
    }
  }
}
