// Events -> summary: every scenario as a row, and the arithmetic of completeness and exit codes.

import { describe, expect, test } from 'vitest'

import type { EventBody, SignalboxEvent } from '../harness/events.ts'
import type { VerdictCounts } from '../harness/model.ts'
import { exitCodeOf, type ExitPolicy, noVerdicts } from '../harness/verdict.ts'
import type { RunSummary, Summary } from './run-summary.ts'
import {
  ended,
  hardFailure,
  interruptedRun,
  judged,
  killedRun,
  mixedRun,
  planned,
  runFinished,
  runPlanned,
  runStarted,
  started,
  stream,
} from './sample-events.test.data.ts'
import { fingerprintOf, withFingerprint } from './record/fingerprint.ts'
import { summarize } from './summarize.ts'

function only(summary: Summary): RunSummary {
  const [run] = summary.runs
  if (run === undefined || summary.runs.length !== 1) throw new Error('expected one run')
  return run
}

const skippedPlan = [planned('a', { expectation: { kind: 'skip', reason: 'no tpm' } })]

const scenarios: readonly (readonly [
  name: string,
  events: readonly SignalboxEvent[],
  want: {
    readonly state: RunSummary['state']
    readonly verdicts: Partial<VerdictCounts>
    readonly missing?: readonly string[]
    readonly exitCode: number
  },
])[] = [
  [
    'one of everything',
    mixedRun(),
    { state: 'finished', verdicts: { passed: 3, flaky: 1, failed: 1, infra: 1, skipped: 1 }, exitCode: 1 },
  ],
  [
    'killed',
    killedRun(),
    { state: 'incomplete', verdicts: { passed: 1, missing: 2 }, missing: ['a.two', 'a.three'], exitCode: 3 },
  ],
  [
    'interrupted',
    interruptedRun(),
    {
      state: 'interrupted',
      verdicts: { passed: 1, missing: 2 },
      missing: ['a.two', 'a.three'],
      exitCode: 130,
    },
  ],
  [
    'all passed, killed before the end was written',
    stream([
      [0, runStarted()],
      [1, runPlanned([planned('a')])],
      [2, started('a')],
      [3, judged('a', 'passed')],
    ]),
    { state: 'incomplete', verdicts: { passed: 1 }, exitCode: 3 },
  ],
  [
    'all skipped by plan, without an event for it',
    stream([
      [0, runStarted()],
      [1, runPlanned(skippedPlan)],
      [2, runFinished({ skipped: 1 }, 0)],
    ]),
    { state: 'finished', verdicts: { skipped: 1 }, exitCode: 0 },
  ],
  [
    'a run that ends and never judged a planned test',
    stream([
      [0, runStarted()],
      [1, runPlanned([planned('a'), planned('b')])],
      [2, judged('a', 'passed')],
      [3, runFinished({ passed: 1 }, 0)],
    ]),
    { state: 'finished', verdicts: { passed: 1, missing: 1 }, missing: ['b'], exitCode: 3 },
  ],
  [
    'a plan that was lost proves nothing',
    stream([
      [0, runStarted()],
      [2, judged('a', 'passed')],
      [3, runFinished({ passed: 1 }, 0)],
    ]),
    { state: 'finished', verdicts: { passed: 1 }, exitCode: 3 },
  ],
]

describe('summarize', () => {
  test.each(scenarios)('%s', (_name, events, want) => {
    const summary = summarize(events)
    const run = only(summary)
    expect({
      state: run.state,
      verdicts: run.verdicts,
      missing: run.missing,
      exitCode: run.exitCode,
      total: summary.exitCode,
    }).toEqual({
      state: want.state,
      verdicts: { ...noVerdicts, ...want.verdicts },
      missing: want.missing ?? [],
      exitCode: want.exitCode,
      total: want.exitCode,
    })
  })

  test('says how far a missing test got', () => {
    expect(only(summarize(killedRun())).tests.map(({ test: name, reason }) => [name, reason])).toEqual([
      ['a.one', undefined],
      ['a.two', 'attempt 1 was cut off in phase ready'],
      ['a.three', 'never started'],
    ])
  })

  test('keeps attempts with their phases, failures, machines, files and commands', () => {
    const found = only(summarize(mixedRun())).tests.find((item) => item.test === 'ignition.files')
    expect(found?.attempts).toEqual([
      {
        n: 1,
        outcome: 'failed',
        startedMs: 2000,
        durationMs: 3000,
        phases: [{ phase: 'body', durationMs: 1000, ok: false }],
        failures: [expect.objectContaining({ soft: true }), withFingerprint(hardFailure)],
        fingerprint: fingerprintOf(hardFailure),
        machines: ['m2'],
        attachments: [
          {
            name: 'console',
            path: 'attempts/ignition.files/1/m2/console.txt',
            contentType: 'text/plain',
            bytes: 100,
            machine: 'm2',
          },
        ],
        commandCount: 1,
        commands: [
          {
            machine: 'm2',
            command: 'cat /etc/motd',
            exitCode: 1,
            durationMs: 12,
            stdoutTail: '',
            stderrTail: 'No such file',
          },
        ],
        stepCount: 0,
        steps: [],
      },
    ])
  })

  test('a flood of commands and steps is counted, and only a few are kept', () => {
    const command: EventBody = {
      type: 'command.finished',
      attempt: { test: 'a', n: 1 },
      machine: 'm',
      command: 'true',
      exitCode: 0,
      durationMs: 1,
      stdoutBytes: 5000,
      stderrBytes: 0,
      stdoutTail: 'x'.repeat(2048),
      stderrTail: '',
    }
    const bodies = Array.from({ length: 5000 }, (_, at): readonly [number, EventBody] => [at, command])
    const attempt = only(summarize(stream([[0, started('a')], ...bodies]))).tests[0]?.attempts[0]
    expect(attempt?.commandCount).toBe(5000)
    expect(attempt?.commands).toHaveLength(20)
    expect(attempt?.commands[0]?.stdoutTail).toHaveLength(513)
  })

  test('several runs stand side by side, ordered by target, whichever way they are mixed', () => {
    const a = mixedRun({ run: 'r1', target: 'aws' })
    const b = mixedRun({ run: 'r2', target: 'qemu', startMs: 5 })
    const summary = summarize([...b, ...a])
    expect(summary.runs.map((run) => run.target?.name)).toEqual(['aws', 'qemu'])
    expect(summary.planned).toBe(14)
    expect(summary.verdicts.passed).toBe(6)
    expect(summarize(a.flatMap((event, at) => [event, b[at] ?? event])).planned).toBe(14)
  })

  test('nothing at all is no success', () => {
    expect(summarize([])).toMatchObject({ planned: 0, runs: [], exitCode: 3 })
  })

  test('20,000 tests are no trouble', { timeout: 600_000 }, () => {
    const names = Array.from({ length: 20_000 }, (_, at) => `test.number-${at}`)
    const events = stream([
      [0, runStarted()],
      [1, runPlanned(names.map((name) => planned(name)))],
      ...names.flatMap((name): readonly (readonly [number, EventBody])[] => [
        [2, started(name)],
        [3, ended(name, 'passed')],
        [4, judged(name, 'passed')],
      ]),
      [5, runFinished({ passed: 20_000 }, 0)],
    ])
    const before = process.cpuUsage()
    expect(summarize(events)).toMatchObject({ planned: 20_000, finished: 20_000, exitCode: 0 })
    // Of the processor, so that a busy host makes no difference.
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(10_000)
  })
})

const codes: readonly (readonly [
  Partial<VerdictCounts>,
  Parameters<typeof exitCodeOf>[1],
  ExitPolicy,
  number,
])[] = [
  [{ passed: 2, flaky: 1, skipped: 1 }, 'finished', {}, 0],
  [{ passed: 2, flaky: 1 }, 'finished', { failOnFlaky: true }, 1],
  [{ skipped: 3 }, 'finished', {}, 0],
  [{ skipped: 3 }, 'finished', { failOnNothingRun: true }, 3],
  [{ failed: 1, infra: 1, missing: 1 }, 'finished', {}, 1],
  [{ failed: 1 }, 'incomplete', {}, 1],
  [{ failed: 1 }, 'interrupted', {}, 130],
  [{ passed: 1, infra: 1 }, 'finished', {}, 3],
  [{ passed: 1, missing: 1 }, 'finished', {}, 3],
  [{ passed: 1 }, 'incomplete', {}, 3],
  [{ passed: 1, infra: 1 }, 'unusable', {}, 2],
  [{ failed: 1 }, 'unusable', {}, 1],
]

test.each(codes)('exit code of %o, %s, %o is %i', (verdicts, state, policy, code) => {
  expect(exitCodeOf({ ...noVerdicts, ...verdicts }, state, policy)).toBe(code)
})

test('time in which several runs ran beside each other is counted once', () => {
  const at = (run: string, startMs: number) => mixedRun({ run, target: run, startMs })
  const durationOf = (...runs: readonly ReturnType<typeof at>[]): number => summarize(runs.flat()).durationMs
  const alone = durationOf(at('a', 0))
  expect(durationOf(at('a', 0), at('b', 0))).toBe(alone)
  expect(durationOf(at('z', 0), at('b', 60_000))).toBe(alone + 60_000)
  expect(durationOf(at('a', 0), at('b', 60_000), at('c', 10_000_000))).toBe(2 * alone + 60_000)
})
