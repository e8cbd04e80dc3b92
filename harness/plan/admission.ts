// Asks the host whether there is room for one more job, one question at a time, and keeps a "no" until something
// finishes or the delay that came with it is over.

import type { Clock, Cost } from './schedule.ts'

/** Whether the host has room; "no" holds until a job finishes or, where a delay is given, that is over. */
export type Admission = boolean | { readonly retryAfterMs: number }

/** Answers at once or after a while; then the answer counts as of when it comes. */
export type MayAdmit = (cost: Cost) => Admission | Promise<Admission>

export interface AdmissionOptions {
  /** One that throws is reported once and not asked again. Without one, the answer is always yes. */
  readonly mayAdmit: MayAdmit | undefined
  readonly clock: Clock
  /** Called when a question may be asked again, after an answer that took its time or a delay. */
  readonly onOpen: () => void
  readonly onError: (error: unknown, id: string) => void
}

export interface HostAdmission {
  /** Whether a question may be asked now. */
  readonly isOpen: boolean
  /** Asks for a job; `onAnswer` is called at once or later, at most once. */
  ask(job: { readonly id: string; readonly cost: Cost }, onAnswer: (admitted: boolean) => void): void
  /** Something finished, so a "no" no longer holds. */
  relieve(): void
  /** Forgets the question and the refusal. */
  reset(): void
}

type State =
  | { readonly kind: 'open' }
  | { readonly kind: 'asking' }
  | { readonly kind: 'refused'; readonly retry: AbortController }

/** Opens the admission of one schedule. */
export function openAdmission(options: AdmissionOptions): HostAdmission {
  const { clock, onOpen, onError } = options
  let { mayAdmit } = options
  let state: State = { kind: 'open' }
  let reliefs = 0

  const refuse = (answer: Exclude<Admission, true>): void => {
    const retry = new AbortController()
    const refused: State = { kind: 'refused', retry }
    state = refused
    if (answer === false) return
    const onRetry = (): void => {
      if (state !== refused) return
      state = { kind: 'open' }
      onOpen()
    }
    clock.sleep(answer.retryAfterMs, retry.signal).then(onRetry, () => undefined)
  }
  const reset = (): void => {
    if (state.kind === 'refused') state.retry.abort()
    state = { kind: 'open' }
  }
  return {
    get isOpen() {
      return state.kind === 'open'
    },
    ask({ id, cost }, onAnswer) {
      if (mayAdmit === undefined) {
        onAnswer(true)
        return
      }
      const asking: State = { kind: 'asking' }
      const reliefsBefore = reliefs
      state = asking
      const answered = (answer: Admission): void => {
        if (state !== asking) return
        state = { kind: 'open' }
        // What finished while the host thought about it may have changed the answer.
        if (answer !== true && reliefs === reliefsBefore) refuse(answer)
        onAnswer(answer === true)
      }
      const failed = (error: unknown): void => {
        mayAdmit = undefined
        onError(error, id)
        answered(true)
      }
      try {
        const answer = mayAdmit(cost)
        if (answer instanceof Promise) void answer.then(answered, failed).then(onOpen)
        else answered(answer)
      } catch (error) {
        failed(error)
      }
    },
    relieve() {
      reliefs += 1
      if (state.kind === 'refused') reset()
    },
    reset,
  }
}
