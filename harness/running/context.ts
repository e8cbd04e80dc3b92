// What the running test body can reach without being handed it: its attempt, through AsyncLocalStorage. `test.step`,
// `expect.soft`, `skip` and every command find their attempt here.

import { AsyncLocalStorage } from 'node:async_hooks'
import type { AttemptRef, Emit, StepCategory } from '../events.ts'
import type { Failure, Phase, PlannedTest } from '../model.ts'
import type { UpdateMode } from '../snapshot/index.ts'
import { messageOf } from '../errors.ts'

/** One phase of a running attempt; `failures` and `counter` are shared by all its phases. */
export interface AttemptContext {
  readonly ref: AttemptRef
  readonly plan: PlannedTest
  readonly emit: Emit
  /** Aborts when the body's deadline passes, the run is interrupted or a fatal check hits. */
  readonly signal: AbortSignal
  /** Absolute; paths in events are relative to it. */
  readonly runFolder: string
  /** Absolute folder of the attempt's artefacts. */
  readonly folder: string
  /** When golden files are written. */
  readonly updateSnapshots: UpdateMode
  readonly failures: Failure[]
  /** The tests that come to the same machines one after the other, this one included. */
  readonly companions?: readonly string[]
  readonly phase: Phase
  /** Stops the clock of the phase until disposed: a person has the machine. */
  readonly holdDeadline: () => Disposable
  /** Innermost open step, for nesting. */
  readonly step: string | undefined
  /** Counts steps and attachments, for their identifiers, and the milliseconds that a person had the machines. */
  readonly counter: { steps: number; attachments: number; heldMs: number }
}

const storage = new AsyncLocalStorage<AttemptContext>()

/** Runs `work` as part of an attempt. */
export function inAttempt<T>(context: AttemptContext, work: () => T): T {
  return storage.run(context, work)
}

/** The attempt that is running here, or undefined outside of one. */
export function currentAttempt(): AttemptContext | undefined {
  return storage.getStore()
}

/** The running attempt; throws when called outside a test body. */
export function requireAttempt(what: string): AttemptContext {
  const context = storage.getStore()
  if (context === undefined) throw new Error(`${what} works only inside a test`)
  return context
}

/** Does something that takes no time as a named step. Outside an attempt it just does it. */
export function asMoment(category: StepCategory, title: string, work: () => void): void {
  const context = storage.getStore()
  if (context === undefined) return work()
  const step = startStep(context, category, title)
  const startedAt = performance.now()
  const finish = (error?: string): void => finishStep(context, { step, startedAt, error })
  try {
    work()
    finish()
  } catch (error) {
    finish(messageOf(error))
    throw error
  }
}

/** Runs `work` as a named step: an event when it starts, one when it ends. Outside an attempt it just runs. */
export async function asStep<T>(
  category: StepCategory,
  title: string,
  work: () => Promise<T> | T,
): Promise<T> {
  const context = storage.getStore()
  if (context === undefined) return await work()
  const step = startStep(context, category, title)
  const startedAt = performance.now()
  const finish = (error?: string): void => finishStep(context, { step, startedAt, error })
  try {
    const result = await storage.run({ ...context, step }, async () => await work())
    finish()
    return result
  } catch (error) {
    finish(messageOf(error))
    throw error
  }
}

function startStep(context: AttemptContext, category: StepCategory, title: string): string {
  const { emit, ref, counter, step: parent } = context
  counter.steps += 1
  const step = `${ref.test}#${ref.n}/${counter.steps}`
  const inside = parent === undefined ? {} : { parent }
  emit({ type: 'step.started', attempt: ref, step, category, title, ...inside })
  return step
}

function finishStep(
  { emit, ref }: AttemptContext,
  {
    step,
    startedAt,
    error,
  }: { readonly step: string; readonly startedAt: number; readonly error: string | undefined },
): void {
  emit({
    type: 'step.finished',
    attempt: ref,
    step,
    durationMs: performance.now() - startedAt,
    ...(error === undefined ? {} : { error }),
  })
}
