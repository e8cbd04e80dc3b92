// A run with forks, for the tests of this room: a template that is made, audits that agree and that do not, forks that do
// not work.

import type { AttemptRef, EventBody, SignalboxEvent } from '../harness/events.ts'
import type { Failure, Verdict } from '../harness/model.ts'
import {
  ended,
  hardFailure,
  judged,
  phase,
  phaseDone,
  planned,
  runFinished,
  runPlanned,
  runStarted,
  started,
  stream,
} from './sample-events.test.data.ts'

const damage: Failure = {
  phase: 'ready',
  kind: 'infra',
  code: 'template-damaged',
  message: 'template 0123456789ab is damaged: m0.memory: it was written to',
  hint: 'it is made anew on the next use',
}
const NOT_CONFIRMED = 'it passed on a fork and failed on a cold boot'

/** One of everything that forks can do to a test. */
export function forkedRun(): readonly SignalboxEvent[] {
  const names = ['agrees', 'boots', 'damaged', 'differs', 'fails', 'flakes', 'makes']
  return stream([
    [0, runStarted()],
    [1, runPlanned(names.map((name) => planned(`fork.${name}`)))],
    ...makesTemplate(),
    ...passes(40_000, 'fork.agrees'),
    ...audit(42_000, 'fork.agrees', 2),
    [73_000, judged('fork.agrees', 'passed', 1200, 2)],
    ...passes(73_000, 'fork.differs'),
    ...audit(75_000, 'fork.differs', 2, [hardFailure]),
    [
      106_000,
      notice('fork-diverged', 'fork.differs is booted from now on: a cold boot did not confirm its fork'),
    ],
    [106_000, verdict('fork.differs', 'infra', 2, `forks and cold boots disagree: ${NOT_CONFIRMED}`)],
    ...fails(107_000, 'fork.fails'),
    ...audit(109_000, 'fork.fails', 2, [hardFailure]),
    [140_000, judged('fork.fails', 'failed', 1200, 2)],
    ...fails(141_000, 'fork.flakes', true),
    ...passes(143_000, 'fork.flakes', 2),
    ...audit(145_000, 'fork.flakes', 3),
    [176_000, judged('fork.flakes', 'flaky', 2400, 3)],
    ...isDamaged(),
    [210_000, notice('not-forked', 'fork.boots is booted instead of forked: it never comes to rest', 'info')],
    [210_000, started('fork.boots')],
    [210_100, created('boots', 'm0', 'cold', [{ test: 'fork.boots', n: 1 }])],
    [240_000, ended('fork.boots', 'passed')],
    [240_000, judged('fork.boots', 'passed', 30_000)],
    [240_001, runFinished({ passed: 4, flaky: 1, failed: 1, infra: 1 }, 1)],
  ])
}

type Timed = readonly (readonly [number, EventBody])[]

/** The template is for two tests; the one that makes it goes on with a clone. */
function makesTemplate(): Timed {
  const users = ['fork.makes', 'fork.agrees'].map((test): AttemptRef => ({ test, n: 1 }))
  return [
    [100, started('fork.makes')],
    [110, phase('fork.makes', 'ready')],
    [200, created('seed', 'template', 'cold', users)],
    [28_000, { type: 'machine.milestone', machine: 'seed', milestone: 'ssh', sinceMs: 27_800 }],
    [30_200, { type: 'machine.milestone', machine: 'seed', milestone: 'saved', sinceMs: 30_000 }],
    [30_300, { type: 'machine.destroyed', machine: 'seed', durationMs: 100 }],
    [30_400, created('makes', 'm0', 'fork', users.slice(0, 1))],
    [31_000, { type: 'machine.milestone', machine: 'makes', milestone: 'ssh', sinceMs: 600 }],
    [31_100, phaseDone('fork.makes', 'ready')],
    [31_500, { ...finished('fork.makes', 1), templateMs: 30_200 }],
    [31_500, judged('fork.makes', 'passed', 1200)],
  ]
}

function isDamaged(): Timed {
  const test = 'fork.damaged'
  return [
    [177_000, started(test)],
    [178_000, ended(test, 'infra', [damage], { willRetry: true })],
    [178_000, notice('template-damaged', `${test} is booted instead of forked: ${damage.message}`)],
    [178_001, started(test, 2)],
    [208_000, ended(test, 'passed', [], { n: 2 })],
    [208_000, judged(test, 'passed', 33_000, 2)],
  ]
}

function passes(atMs: number, test: string, n = 1): Timed {
  return [
    [atMs, started(test, n)],
    [atMs + 100, created(`${test}-${n}`, 'm0', 'fork', [{ test, n }])],
    [atMs + 1200, finished(test, n)],
  ]
}

function fails(atMs: number, test: string, willRetry = false): Timed {
  return [
    [atMs, started(test)],
    [atMs + 100, created(`${test}-1`, 'm0', 'fork', [{ test, n: 1 }])],
    [atMs + 1200, ended(test, 'failed', [hardFailure], { willRetry })],
  ]
}

function audit(atMs: number, test: string, n: number, failures: readonly Failure[] = []): Timed {
  return [
    [atMs, { type: 'attempt.started', attempt: { test, n }, audit: true }],
    [atMs + 100, created(`${test}-${n}`, 'm0', 'cold', [{ test, n }])],
    [atMs + 30_000, ended(test, failures.length === 0 ? 'passed' : 'failed', failures, { n })],
  ]
}

function created(
  machine: string,
  name: string,
  origin: 'cold' | 'fork',
  attempts: readonly AttemptRef[],
): EventBody {
  const facts = { memoryMiB: 1024, ...(origin === 'fork' ? { template: '0123456789ab' } : {}) }
  return { type: 'machine.created', machine, name, platform: 'qemu', origin, attempts, facts }
}

function finished(test: string, n: number): Extract<EventBody, { type: 'attempt.finished' }> {
  return {
    type: 'attempt.finished',
    attempt: { test, n },
    outcome: 'passed',
    failures: [],
    durationMs: 1200,
    willRetry: false,
  }
}

function notice(code: string, message: string, level: 'info' | 'warning' = 'warning'): EventBody {
  return { type: 'run.notice', level, code, message }
}

function verdict(test: string, what: Verdict, attempts: number, reason: string): EventBody {
  return { type: 'test.finished', test, verdict: what, reason, attempts, durationMs: 1200 }
}
