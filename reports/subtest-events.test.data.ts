// The stream of a run whose tests print TAP: subtests of every outcome, hostile names, more than are kept.

import type { EventBody, EventOf, SignalboxEvent } from '../harness/events.ts'
import {
  ended,
  hardFailure,
  judged,
  planned,
  runFinished,
  runPlanned,
  runStarted,
  started,
  stream,
} from './sample-events.test.data.ts'

type Subtest = Omit<EventOf<'subtest.finished'>, 'attempt' | 'type' | 'v' | 'run' | 'seq' | 'at' | 'ms'>

/** `subtest.finished` of a test's attempt. */
export function subtest(test: string, body: Subtest, n = 1): EventBody {
  return { type: 'subtest.finished', attempt: { test, n }, ...body }
}

export function subtestRun(): readonly SignalboxEvent[] {
  const [good, bad, retried, many] = ['ext.p.good', 'ext.p.bad', 'ext.p.retried', 'ext.p.many']
  return stream([
    [0, runStarted()],
    [1, runPlanned([good, bad, retried, many].map((name) => planned(name)))],
    [2, started(good)],
    [3, subtest(good, { name: 'disks > root', outcome: 'passed', durationMs: 12.5 })],
    [3, subtest(good, { name: 'disks', outcome: 'skipped', message: 'none #here' })],
    [3, subtest(good, { name: 'later', outcome: 'todo', message: 'some day' })],
    [4, ended(good, 'passed')],
    [4, judged(good, 'passed')],
    [5, started(bad)],
    [6, subtest(bad, { name: 'fine', outcome: 'passed' })],
    [
      6,
      subtest(bad, {
        name: '\u001B[31mred\u001B[0m </property><script>alert(1)</script> # SKIP `x` | ]]>',
        outcome: 'failed',
        message: '{"got":"\u202E<b>","wanted":2}\nnot ok 7 - sly',
      }),
    ],
    [7, ended(bad, 'failed', [{ ...hardFailure, message: '1 of 2 subtests failed: "red"' }])],
    [7, judged(bad, 'failed')],
    [8, started(retried)],
    [9, subtest(retried, { name: 'now and then', outcome: 'failed' })],
    [9, ended(retried, 'failed', [hardFailure], { willRetry: true })],
    [10, started(retried, 2)],
    [11, subtest(retried, { name: 'now and then', outcome: 'passed' }, 2)],
    [12, ended(retried, 'passed', [], { n: 2 })],
    [12, judged(retried, 'flaky', 6000, 2)],
    [13, started(many)],
    ...Array.from({ length: 30 }, (_, index): readonly [number, EventBody] => [
      14,
      subtest(many, { name: `point ${index + 1}`, outcome: index % 2 === 0 ? 'failed' : 'passed' }),
    ]),
    [15, ended(many, 'failed', [{ ...hardFailure, message: '15 of 30 subtests failed' }])],
    [15, judged(many, 'failed')],
    [16, runFinished({ passed: 1, flaky: 1, failed: 2 }, 1)],
  ])
}
