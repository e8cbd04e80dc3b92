// Runs with repetitions, isolated attempts and known failures, for the tests of this room.

import type { EventBody, SignalboxEvent } from '../harness/events.ts'
import type { Failure, KnownFailure, Outcome, Verdict } from '../harness/model.ts'
import {
  ended,
  hardFailure,
  judged,
  payload,
  planned,
  runFinished,
  runPlanned,
  runStarted,
  started,
  stream,
  type StreamOptions,
} from './sample-events.test.data.ts'

type Timed = readonly [number, EventBody]

const lost: Failure = { phase: 'acquire', kind: 'infra', code: 'no-machine', message: 'no machine today' }
const slow: Failure = { ...hardFailure, code: 'timeout', kind: 'timeout', message: 'waited 3.1 s for sshd' }

/** Attempts one after the other, from a moment on; each takes a second. */
function attempts(
  atMs: number,
  test: string,
  outcomes: readonly (Outcome | Failure)[],
  more: (n: number) => {
    readonly start?: Partial<Extract<EventBody, { type: 'attempt.started' }>>
    readonly end?: Partial<Extract<EventBody, { type: 'attempt.finished' }>>
  } = () => ({}),
): readonly Timed[] {
  return outcomes.flatMap((each, index): readonly Timed[] => {
    const n = index + 1
    const failure = typeof each === 'object' ? each : undefined
    const outcome = typeof each === 'object' ? (each.kind === 'infra' ? 'infra' : 'failed') : each
    const { start = {}, end = {} } = more(n)
    const finished = ended(test, outcome, failure === undefined ? [] : [failure], { n })
    return [
      [atMs + index * 1000, { ...started(test, n), ...start } as EventBody],
      [atMs + index * 1000 + 900, { ...finished, ...end } as EventBody],
    ]
  })
}

const verdict = (test: string, what: Verdict, count: number, reason?: string): EventBody => ({
  ...(judged(test, what, count * 900, count) as Extract<EventBody, { type: 'test.finished' }>),
  ...(reason === undefined ? {} : { reason }),
})

/** Each test four times: one of every verdict that repetitions can have. */
export function repeatedRun(options: StreamOptions = {}): readonly SignalboxEvent[] {
  const plan = runPlanned(
    ['always', 'lost', 'never', 'sometimes'].map((name) => planned(`repeat.${name}`)),
    options.target,
  )
  return stream(
    [
      [0, runStarted()],
      [1, { ...plan, repeat: 4, failOnFlaky: true } as EventBody],
      ...attempts(100, 'repeat.always', ['passed', 'passed', lost, 'passed', 'passed']),
      [6000, verdict('repeat.always', 'passed', 5)],
      ...attempts(6000, 'repeat.lost', [lost, lost, lost, lost]),
      [10_000, verdict('repeat.lost', 'infra', 4)],
      ...attempts(10_000, 'repeat.never', [
        hardFailure,
        slow,
        { ...slow, message: 'waited 2.9 s for sshd' },
        slow,
      ]),
      [15_000, verdict('repeat.never', 'failed', 4)],
      ...attempts(15_000, 'repeat.sometimes', ['passed', hardFailure, 'passed', 'passed']),
      [20_000, verdict('repeat.sometimes', 'flaky', 4)],
      [20_001, runFinished({ passed: 1, flaky: 1, failed: 1, infra: 1 }, 1)],
    ],
    options,
  )
}

/** What has failed is tried alone: on a quiet host and on one that is not, with every result. */
export function isolatedRun(): readonly SignalboxEvent[] {
  const alone = (quiet: boolean, beside?: number) => (n: number) =>
    n === 1
      ? { end: { willRetry: true, retryAlone: true, ...(beside === undefined ? {} : { beside }) } }
      : { start: { isolated: { waitedMs: 1500, quiet } } }
  const names = ['bug', 'load', 'lonely', 'lost', 'noisy']
  return stream([
    [0, runStarted()],
    [1, runPlanned(names.map((name) => planned(`alone.${name}`)))],
    ...attempts(100, 'alone.bug', [hardFailure, hardFailure], alone(true, 1)),
    [3000, verdict('alone.bug', 'failed', 2)],
    ...attempts(3000, 'alone.load', [slow, 'passed'], alone(true, 3)),
    [6000, verdict('alone.load', 'flaky', 2)],
    ...attempts(6000, 'alone.lonely', [slow, 'passed'], alone(true)),
    [9000, verdict('alone.lonely', 'flaky', 2)],
    ...attempts(9000, 'alone.lost', [slow, lost], alone(true, 1)),
    [12_000, verdict('alone.lost', 'failed', 2)],
    ...attempts(12_000, 'alone.noisy', [slow, 'passed'], alone(false, 1)),
    [15_000, verdict('alone.noisy', 'flaky', 2)],
    [15_001, runFinished({ flaky: 3, failed: 2 }, 1)],
  ])
}

/** Known failures of every mode; the texts of one are hostile. */
export function knownRun(options: StreamOptions = {}): readonly SignalboxEvent[] {
  const known = (
    mode: KnownFailure['mode'],
    more: Partial<KnownFailure> = {},
  ): { knownFailure: KnownFailure } => ({
    knownFailure: {
      mode,
      pattern: 'known.*',
      reason: 'the daemon hangs',
      tracker: 'https://example.org/issues/7',
      source: 'known.yaml:3',
      ...more,
    },
  })
  const said = 'known failure: the daemon hangs (https://example.org/issues/7)'
  const gone = 'it passed, so the bug https://example.org/issues/7 is gone: remove the entry known.yaml:3'
  return stream(
    [
      [0, runStarted()],
      [
        1,
        runPlanned(
          [
            planned('known.fails', known('warn', { expires: '2026-12-31' })),
            planned('known.gone', known('must-fail')),
            planned(
              'known.hostile',
              known('must-fail', { reason: payload, tracker: payload, source: payload }),
            ),
            planned('known.lost', known('warn')),
            planned('known.passes', known('warn')),
            planned('known.skipped', { ...known('skip'), expectation: { kind: 'skip', reason: said } }),
          ],
          options.target,
        ),
      ],
      ...attempts(100, 'known.fails', [hardFailure]),
      [1100, verdict('known.fails', 'warned', 1, said)],
      ...attempts(1100, 'known.gone', [lost, 'passed']),
      [3100, verdict('known.gone', 'failed', 2, gone)],
      ...attempts(3100, 'known.hostile', [{ ...hardFailure, message: payload }]),
      [4100, verdict('known.hostile', 'warned', 1, `known failure: ${payload}`)],
      ...attempts(4100, 'known.lost', [lost]),
      [5100, verdict('known.lost', 'infra', 1)],
      ...attempts(5100, 'known.passes', ['passed']),
      [6100, verdict('known.passes', 'passed', 1)],
      [6200, runFinished({ passed: 1, warned: 2, failed: 1, infra: 1, skipped: 1 }, 1)],
    ],
    options,
  )
}
