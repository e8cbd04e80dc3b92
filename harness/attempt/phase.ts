// One phase of an attempt: its own deadline, an event when it starts and one when it ends.

import { withDeadline } from '../deadline.ts'
import type { Phase } from '../model.ts'
import { inAttempt, type AttemptContext } from '../running/context.ts'

export interface PhaseOptions {
  readonly phase: Phase
  readonly timeoutMs: number
  /** Ends the phase from outside; by default the attempt's own signal. Collecting goes on after the attempt's abort. */
  readonly signal?: AbortSignal
  readonly lastSeen?: () => string | undefined
}

const words: Readonly<Record<Phase, string>> = {
  acquire: 'the machines to be created',
  ready: 'the machines to become ready',
  body: 'the test body to finish',
  collect: 'the artefacts to be collected',
  checks: 'the checks after the test',
  teardown: 'the machines to be destroyed',
}

/** Runs `work` as a phase and passes on what it returns or throws. */
export async function runPhase<T>(
  attempt: AttemptContext,
  options: PhaseOptions,
  work: (context: AttemptContext) => Promise<T>,
): Promise<T> {
  const { phase, timeoutMs, signal = attempt.signal, lastSeen } = options
  const { emit, ref } = attempt
  emit({ type: 'phase.started', attempt: ref, phase, timeoutMs })
  const startedAt = performance.now()
  const finish = (ok: boolean): void =>
    emit({ type: 'phase.finished', attempt: ref, phase, durationMs: performance.now() - startedAt, ok })
  try {
    const result = await withDeadline(
      { phase: words[phase], timeoutMs, signal, lastSeen },
      async (deadline) => {
        const context: AttemptContext = {
          ...attempt,
          phase,
          signal: deadline.signal,
          holdDeadline: () => deadline.hold(),
        }
        return await inAttempt(context, async () => await work(context))
      },
    )
    finish(true)
    return result
  } catch (error) {
    finish(false)
    throw error
  }
}
