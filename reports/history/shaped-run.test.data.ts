// Runs of given outcomes, for the tests of histories.

import type { EventBody, SignalboxEvent } from '../../harness/events.ts'
import type { Failure } from '../../harness/model.ts'
import type { RunSummary } from '../run-summary.ts'
import {
  ended,
  hardFailure,
  image,
  infraFailure,
  judged,
  planned,
  runFinished,
  runPlanned,
  runStarted,
  started,
  stream,
} from '../sample-events.test.data.ts'
import { summarize } from '../summarize.ts'

export const DAY_MS = 86_400_000
/** When the runs of `sample-events.test.data.ts` begin. */
export const BEGAN = Date.UTC(2026, 0, 2, 3, 4, 5)

/** The only run of these events. */
export const runOf = (events: readonly SignalboxEvent[]): RunSummary => {
  const run = summarize(events).runs[0]
  if (run === undefined) throw new Error('no run in the events')
  return run
}

export interface Shape {
  readonly run: string
  readonly day: number
  readonly version?: string
  readonly target?: string
  /** A letter a test and its attempts: `P` passed, `F` failed, `I` infra; in the end the last one counts. */
  readonly tests: Readonly<Record<string, string>>
  readonly failure?: Failure
}

/** A run in which each test went as its letters say. */
export function shaped({
  run,
  day,
  version = '1.0.0',
  target,
  tests,
  failure = hardFailure,
}: Shape): RunSummary {
  const names = Object.keys(tests)
  const plan = runPlanned(
    names.map((name) => planned(name)),
    target,
  ) as Extract<EventBody, { type: 'run.planned' }>
  const bodies = names.flatMap((name): readonly (readonly [number, EventBody])[] => {
    const letters = (tests[name] ?? '').split('')
    const last = letters.at(-1)
    const verdict =
      last === 'F' ? 'failed' : last === 'I' ? 'infra' : letters.includes('F') ? 'flaky' : 'passed'
    return [
      ...letters.flatMap((letter, index): readonly (readonly [number, EventBody])[] => {
        const n = index + 1
        const [outcome, failures] =
          letter === 'P'
            ? (['passed', []] as const)
            : letter === 'F'
              ? (['failed', [failure]] as const)
              : (['infra', [infraFailure]] as const)
        return [
          [100 * n, started(name, n)],
          [
            100 * n + 40,
            { type: 'metric', attempt: { test: name, n }, name: 'boot.ssh', value: 700 + n, unit: 'ms' },
          ],
          [100 * n + 50, ended(name, outcome, failures, { n, willRetry: n < letters.length })],
        ]
      }),
      [5000, judged(name, verdict, 3000, letters.length)],
    ]
  })
  const identity = { ...image, version, digest: `sha256:${Buffer.from(version).toString('hex')}` }
  return runOf(
    stream([[0, runStarted()], [10, { ...plan, image: identity }], ...bodies, [6000, runFinished({}, 0)]], {
      run,
      startMs: day * DAY_MS,
    }),
  )
}
