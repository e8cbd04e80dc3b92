// The one wait that every update client has: until the update is staged, or turns out to be none.

import { sleep, startDeadline } from '../deadline.ts'
import { MachineError } from '../errors.ts'
import type { Machine } from '../fixtures/fixtures.ts'
import { asStep, currentAttempt } from '../running/context.ts'
import type { UpdateClient, UpdateProgress } from './update-client.ts'

/** How often a machine is asked; a question costs an emulated guest 50 ms. */
const POLL_MS = 1_000

/** Starts an update and waits. Throws MachineError `update-failed`, TimeoutError with the last thing seen. */
export async function waitUntilStaged(
  client: UpdateClient,
  machine: Machine,
  options: { readonly timeoutMs?: number } = {},
): Promise<UpdateProgress> {
  return await asStep('update', `update ${machine.name}`, async () => {
    let seen = 'nothing yet'
    using deadline = startDeadline({
      phase: `the update of ${machine.name}`,
      timeoutMs: (options.timeoutMs ?? 120_000) * machine.slowness,
      ...(currentAttempt() === undefined ? {} : { signal: currentAttempt()?.signal }),
      lastSeen: () => seen,
    })
    await client.start()
    for (;;) {
      const progress = await client.progress()
      switch (progress.state) {
        case 'staged':
        case 'idle':
          return progress
        case 'failed':
          throw new MachineError(`${machine.name}: ${client.program} could not update`, {
            code: 'update-failed',
            evidence: progress.log.split('\n'),
          })
        case 'updating':
          seen = progress.share === undefined ? 'updating' : `${Math.round(progress.share * 100)} % written`
          break
        default:
          progress satisfies never
      }
      await sleep(POLL_MS, deadline.signal)
    }
  })
}
