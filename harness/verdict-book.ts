// The books of a run: what became of each test so far, and its verdict once nothing more is to come.

import type { AttemptResult } from './attempt/run-attempt.ts'
import type { Emit } from './events.ts'
import { describeKnown, knownReason } from './known-failures/describe.ts'
import type { SharedFailures } from './shared-run.ts'
import type { KnownFailure, Outcome, PlannedTest, Verdict } from './model.ts'
import { verdictOf } from './verdict.ts'

export interface TestRecord {
  readonly outcomes: readonly Outcome[]
  /** Those that count against the test's own budgets: not the shared boots that failed, nor forks that did not work. */
  readonly counted: readonly Outcome[]
  /** Attempts of all kinds, audits included. */
  readonly attempts: number
  readonly spentMs: number
  /** Repetitions that are over. */
  readonly repetitions: number
}

export interface BookOptions {
  readonly emit: Emit
  readonly planned: ReadonlyMap<string, PlannedTest>
  /** How often every test is run; undefined: until there is a verdict. */
  readonly repeat: number | undefined
  /** Counted over all targets. */
  readonly failures: SharedFailures
}

/** What kind of attempt a result is of. */
export interface Entry {
  /** It confirms others, and makes no verdict. */
  readonly isAudit: boolean
  readonly isCounted: boolean
  /** Nothing follows: a repetition is over. */
  readonly isLast: boolean
}

export interface Book {
  readonly verdicts: ReadonlyMap<string, Verdict>
  readonly recordOf: (test: string) => TestRecord
  readonly knownOf: (test: string) => KnownFailure | undefined
  enter(result: Pick<AttemptResult, 'ref' | 'outcome' | 'durationMs'>, entry: Entry): void
  /** A test will not become green any more, whatever else is tried. */
  readonly noteFailure: (test: string) => void
  /** So many tests have failed that nothing more is to start. */
  readonly isEnough: boolean
  /** Gives the verdict that its attempts come to. */
  readonly conclude: (test: string, reason?: string) => void
  readonly finish: (test: string, verdict: Verdict, reason?: string) => void
  /** Verdicts for tests that have failed, or were repeated, and then the run was stopped. */
  concludeLeft(): void
  /** What a test takes once, by name. */
  durations(): ReadonlyMap<string, number>
}

const nothingYet: TestRecord = { outcomes: [], counted: [], attempts: 0, spentMs: 0, repetitions: 0 }

/** Opens the books. */
export function openBook(options: BookOptions): Book {
  const { emit, planned, repeat, failures } = options
  const verdicts = new Map<string, Verdict>()
  const records = new Map<string, TestRecord>()
  const failing = new Set<string>()
  const recordOf = (test: string): TestRecord => records.get(test) ?? nothingYet
  const knownOf = (test: string): KnownFailure | undefined => planned.get(test)?.knownFailure
  const noteFailure = (test: string): void => {
    if (failing.has(test)) return
    failing.add(test)
    failures.note()
  }
  const finish = (test: string, verdict: Verdict, reason?: string): void => {
    verdicts.set(test, verdict)
    const { attempts, spentMs } = recordOf(test)
    emit({
      type: 'test.finished',
      test,
      verdict,
      ...(reason === undefined ? {} : { reason }),
      attempts,
      durationMs: spentMs,
    })
    if (verdict === 'failed') noteFailure(test)
  }
  const conclude = (test: string, reason?: string): void => {
    const known = knownOf(test)
    const verdict = verdictOf(recordOf(test).outcomes, known?.mode)
    if (known !== undefined && verdict === 'passed') tellPassed(test, known)
    finish(test, verdict, (known === undefined ? undefined : knownReason(verdict, known)) ?? reason)
  }
  const tellPassed = (test: string, known: KnownFailure): void => {
    const message = `${test} passed, and ${describeKnown(known)} expects it to fail: if the bug is gone, remove the entry`
    emit({ type: 'run.notice', level: 'info', code: 'known-failure-passed', message })
  }
  return {
    verdicts,
    recordOf,
    knownOf,
    noteFailure,
    finish,
    conclude,
    get isEnough() {
      return failures.isEnough
    },
    enter({ ref: { test }, outcome, durationMs }, { isAudit, isCounted, isLast }) {
      const before = recordOf(test)
      records.set(test, {
        outcomes: isAudit ? before.outcomes : [...before.outcomes, outcome],
        counted: isAudit || !isCounted ? before.counted : [...before.counted, outcome],
        attempts: before.attempts + 1,
        spentMs: before.spentMs + (isAudit ? 0 : durationMs),
        repetitions: before.repetitions + (isLast ? 1 : 0),
      })
    },
    concludeLeft() {
      for (const [test, { outcomes, repetitions }] of records) {
        // What passed so far, of repetitions that were to pass all, says nothing yet.
        if (verdicts.has(test) || !outcomes.includes('failed')) continue
        if (repeat !== undefined) conclude(test, `stopped after ${repetitions} of ${repeat} repetitions`)
        else if (failing.has(test)) conclude(test, 'the run ended before it was tried alone')
      }
    },
    durations: () =>
      new Map(
        [...records].map(([test, { spentMs, repetitions }]) => [
          test,
          repeat === undefined ? spentMs : spentMs / repetitions,
        ]),
      ),
  }
}
