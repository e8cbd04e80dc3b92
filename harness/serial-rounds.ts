// The rounds of serial groups: an attempt of each test on the same machines. What follows a round, another one or the
// verdicts, is decided for the group; a round is held against its budgets as one attempt is against a test's.

import type { AttemptResult, Ended } from './attempt/run-attempt.ts'
import type { Emit } from './events.ts'
import type { Outcome } from './model.ts'
import { clones, coldGroup } from './plan/group.ts'
import { nextAttempt, repeatAgain, type NextAttempt, type RetryPolicy } from './retry-policy.ts'
import type { Book } from './verdict-book.ts'
import { isForkFaultOf, type Work } from './work.ts'

/** The end of one test in a round. */
export type RoundEnd = Ended & { readonly ref: Pick<AttemptResult['ref'], 'test'> }

export interface RoundsOptions {
  readonly emit: Emit
  readonly signal: AbortSignal
  readonly policy: RetryPolicy
  readonly book: Book
  readonly enqueue: (work: Work) => void
  /** Whether a group that was forked is run on a cold boot, too. */
  readonly isAudited: (group: string) => boolean
  /** Compares what a cold boot came to with the outcome on a fork. */
  readonly confirm: (work: Work, result: AttemptResult, forked: Outcome) => void
  readonly tellFault: (group: string, result: Ended) => void
}

export interface Rounds {
  /** What follows a round of which these ends are known. */
  next(work: Work, ends: readonly RoundEnd[]): NextAttempt
  /** Whether the run starts nothing more after the last of these ends. */
  stops(work: Work, ends: readonly RoundEnd[]): boolean
  /** Takes the results of a round; fewer than the group has tests when it was cut off. */
  settle(work: Work, results: readonly AttemptResult[]): void
}

/**
 * What a round comes to. A failure outweighs a fault, so that a fault gives no failed test another chance; a failure that is known
 * counts for nothing.
 */
export function roundOutcome(
  ends: readonly { readonly outcome: Outcome; readonly isKnown: boolean }[],
): Outcome {
  const outcomes = ends.map(({ outcome, isKnown }) => (outcome === 'failed' && isKnown ? 'passed' : outcome))
  return (
    (['failed', 'infra', 'harness', 'passed'] as const).find((one) => outcomes.includes(one)) ?? 'skipped'
  )
}

/** Opens the rounds of a run. */
export function openRounds(options: RoundsOptions): Rounds {
  const { emit, signal, policy, book, enqueue, isAudited, confirm, tellFault } = options
  const { repeat } = policy
  /** The outcomes of the rounds that count, by group. */
  const counted = new Map<string, readonly Outcome[]>()
  const isFault = ({ job }: Work, ends: readonly Ended[]): boolean => clones(job) && ends.some(isForkFaultOf)
  const outcomeOf = (ends: readonly RoundEnd[]): Outcome =>
    roundOutcome(ends.map(({ outcome, ref }) => ({ outcome, isKnown: book.knownOf(ref.test) !== undefined })))
  const next = (work: Work, ends: readonly RoundEnd[]): NextAttempt => {
    if (signal.aborted || work.audits !== undefined) return 'none'
    const alone = work.alone === true
    if (isFault(work, ends)) return alone ? 'alone' : 'again'
    const outcome = outcomeOf(ends)
    if (repeat !== undefined) return repeatAgain(outcome, work.faults ?? 0, policy) ? 'again' : 'none'
    const outcomes = [...(counted.get(work.job.id) ?? []), outcome]
    return nextAttempt({ outcomes, alone, known: undefined }, policy)
  }
  const isForked = (results: readonly AttemptResult[]): boolean =>
    results.some(({ origin, outcome }) => origin !== 'cold' && (outcome === 'passed' || outcome === 'failed'))
  const again = (work: Work, results: readonly AttemptResult[], follows: NextAttempt): void => {
    const { job } = work
    const fault = isFault(work, results) ? results.find(isForkFaultOf) : undefined
    const bad = results.find(({ outcome }) => outcome !== 'passed' && outcome !== 'skipped')
    if (fault !== undefined) tellFault(job.id, fault)
    else if (job.tests.length > 1) {
      const when = follows === 'alone' && work.alone !== true ? ', alone at the end' : ''
      const why =
        bad === undefined
          ? ''
          : `: ${bad.ref.test} ${bad.outcome === 'failed' ? 'failed' : 'came to nothing'}`
      const message = `the serial group ${job.id} runs again on fresh machines${when}${why}`
      emit({ type: 'run.notice', level: 'info', code: 'serial-again', message })
    }
    const came = outcomeOf(results)
    const isLost = fault === undefined && (came === 'infra' || came === 'harness')
    enqueue({
      job: fault === undefined ? job : coldGroup(job),
      alone: follows === 'alone',
      faults: (work.faults ?? 0) + (isLost ? 1 : 0),
    })
  }
  const failuresOf = (results: readonly RoundEnd[]): readonly string[] =>
    results.flatMap(({ outcome, ref }) =>
      outcome === 'failed' && book.knownOf(ref.test) === undefined ? [ref.test] : [],
    )
  const noteAll = (tests: readonly string[]): void => {
    for (const test of tests) book.noteFailure(test)
  }
  /** Whether enough is left to repeat that there is no verdict yet. */
  const repeats = ({ job }: Work, results: readonly AttemptResult[]): boolean => {
    const repetitions = Math.max(...results.map(({ ref }) => book.recordOf(ref.test).repetitions))
    if (repeat === undefined) return false
    if (repetitions === 1 && results.every(({ outcome }) => outcome === 'skipped')) return false
    noteAll(failuresOf(results))
    // The first one has made the template that the others fork.
    if (repetitions === 1) for (let count = 1; count < repeat; count += 1) enqueue({ job })
    return repetitions < repeat
  }
  return {
    next,
    stops(work, ends) {
      const last = ends.at(-1)
      const isOpen = next(work, ends) === 'again' || work.audits !== undefined
      // The cold boot may say otherwise.
      const isToConfirm = repeat === undefined && work.job.forks && isAudited(work.job.id)
      if (last !== undefined && !isOpen && !isToConfirm) noteAll(failuresOf([last]))
      return book.isEnough
    },
    settle(work, results) {
      const { job, audits } = work
      if (results.length === 0) return
      const isCut = results.length < job.tests.length
      const due = next(work, results)
      // Nothing new starts in a run that is to stop, but what has failed is still tried alone.
      const follows = isCut && due !== 'alone' ? 'none' : due
      const isAudit = audits !== undefined
      const isCounted = !isFault(work, results)
      for (const result of results) book.enter(result, { isAudit, isCounted, isLast: follows === 'none' })
      if (!isAudit && isCounted) counted.set(job.id, [...(counted.get(job.id) ?? []), outcomeOf(results)])
      if (follows === 'alone') noteAll(failuresOf(results))
      if (follows !== 'none') return again(work, results, follows)
      const judged = results.filter(({ outcome }) => !(signal.aborted && outcome === 'infra'))
      if (audits !== undefined) {
        for (const result of judged) {
          const forked = audits.get(result.ref.test)
          if (forked !== undefined) confirm(work, result, forked)
        }
        return
      }
      if (repeats(work, results)) return
      if (!isCut && isForked(results) && isAudited(job.id)) {
        const outcomes = new Map(results.map(({ ref, outcome }) => [ref.test, outcome]))
        return enqueue({ job: coldGroup(job), audits: outcomes, alone: work.alone ?? false })
      }
      for (const { ref, reason } of judged) {
        const isSkip = book.recordOf(ref.test).outcomes.every((outcome) => outcome === 'skipped')
        book.conclude(ref.test, isSkip ? reason : undefined)
      }
    },
  }
}
