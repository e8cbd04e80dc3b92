// Event streams for the tests of this room: one of everything that can happen to a test, with fixed times.

import type { AttemptRef, EventBody, SignalboxEvent } from '../harness/events.ts'
import type { Failure, ImageIdentity, Outcome, PlannedTest, Target, Verdict } from '../harness/model.ts'

export const target: Target = {
  name: 'qemu-x86_64-direct',
  platform: 'qemu',
  architecture: 'x86_64',
  firmware: 'direct',
  channel: 'stable',
  distro: 'reference',
  version: '1.2.3',
}

export const image: ImageIdentity = {
  digest: 'sha256:0123abcd',
  distro: 'reference',
  version: '1.2.3',
  channel: 'stable',
  architecture: 'x86_64',
  buildId: 'b1',
}

export interface StreamOptions {
  readonly run?: string
  readonly target?: string
  readonly startMs?: number
}

/** Bodies, each with its milliseconds since the run began -> events. */
export function stream(
  bodies: readonly (readonly [ms: number, body: EventBody])[],
  options: StreamOptions = {},
): readonly SignalboxEvent[] {
  const { run = 'run-1', startMs = 0 } = options
  const began = Date.UTC(2026, 0, 2, 3, 4, 5) + startMs
  return bodies.map(([ms, body], seq) => ({
    v: 1,
    run,
    seq,
    at: new Date(began + ms).toISOString(),
    ms,
    ...body,
  }))
}

export function planned(test: string, more: Partial<PlannedTest> = {}): PlannedTest {
  return {
    test,
    location: { file: `tests/${test.split('.')[0] ?? test}.ts`, line: 10, column: 1 },
    tags: [],
    aliases: [],
    expectation: { kind: 'run' },
    ...more,
  }
}

export function runStarted(): EventBody {
  return {
    type: 'run.started',
    command: ['signalbox', 'run'],
    tool: { name: 'signalbox', version: '0.1.0' },
    host: { kernel: '6.1', cpus: 2 },
  }
}

export function runPlanned(tests: readonly PlannedTest[], name = target.name): EventBody {
  return {
    type: 'run.planned',
    target: { ...target, name },
    image,
    digest: 'sha256:feed',
    tests,
    jobs: 2,
    budget: { memoryMiB: 4096, cpus: 2 },
  }
}

export function runFinished(verdicts: Partial<Record<Verdict, number>>, exitCode: number): EventBody {
  return {
    type: 'run.finished',
    verdicts: { passed: 0, flaky: 0, warned: 0, failed: 0, infra: 0, skipped: 0, missing: 0, ...verdicts },
    exitCode,
    durationMs: 95_000,
  }
}

export function started(test: string, n = 1, group?: string): EventBody {
  return { type: 'attempt.started', attempt: { test, n }, ...(group === undefined ? {} : { group }) }
}

export function phase(test: string, name: 'acquire' | 'ready' | 'body', n = 1): EventBody {
  return { type: 'phase.started', attempt: { test, n }, phase: name, timeoutMs: 60_000 }
}

export function phaseDone(test: string, name: 'acquire' | 'ready' | 'body', ok = true, n = 1): EventBody {
  return { type: 'phase.finished', attempt: { test, n }, phase: name, durationMs: 1000, ok }
}

export function machine(id: string, attempts: readonly AttemptRef[]): EventBody {
  return {
    type: 'machine.created',
    machine: id,
    name: 'node1',
    attempts,
    platform: 'qemu',
    origin: 'cold',
    facts: { memoryMiB: 1024 },
  }
}

export function milestone(id: string, name: string, sinceMs: number): EventBody {
  return { type: 'machine.milestone', machine: id, milestone: name, sinceMs }
}

export function ended(
  test: string,
  outcome: Outcome,
  failures: readonly Failure[] = [],
  more: { readonly n?: number; readonly willRetry?: boolean; readonly reason?: string } = {},
): EventBody {
  const { n = 1, willRetry = false, reason } = more
  return {
    type: 'attempt.finished',
    attempt: { test, n },
    outcome,
    failures,
    durationMs: 3000,
    willRetry,
    ...(reason === undefined ? {} : { reason }),
  }
}

export function judged(test: string, verdict: Verdict, durationMs = 3000, attempts = 1): EventBody {
  return { type: 'test.finished', test, verdict, attempts, durationMs }
}

export const hardFailure: Failure = {
  phase: 'body',
  kind: 'assertion',
  code: 'expect.toHaveFile',
  message: 'expected /etc/motd to hold "hello"\nlast value: "" (3 tries in 5.0 s)',
  hint: 'Is the file in the config?',
  location: { file: 'tests/ignition/files.ts', line: 42, column: 7 },
  frame:
    '  41 |   await machine.run("true")\n> 42 |   await expect(machine).toHaveFile("/etc/motd")\n  43 | })',
  machine: 'm2',
  evidence: ['systemd[1]: Started ignition.', 'login: '],
}

export const softFailure: Failure = {
  phase: 'body',
  kind: 'assertion',
  code: 'expect.toHaveActiveUnit',
  message: 'expected unit chronyd.service to be active, it is failed',
  location: { file: 'tests/ignition/files.ts', line: 40, column: 3 },
  soft: true,
}

export const infraFailure: Failure = {
  phase: 'acquire',
  kind: 'infra',
  code: 'qemu-exited',
  message: 'QEMU was killed (SIGKILL) after 2.0 s',
}

/** Passed, failed (soft and hard), flaky, infra retried, skipped, two that share a boot. */
export function mixedRun(options: StreamOptions = {}): readonly SignalboxEvent[] {
  const flaky = 'network.dhcp'
  const infra = 'docker.run'
  const shared = ['ignition.users', 'ignition.units'] as const
  const refs = shared.map((test) => ({ test, n: 1 }))
  return stream(
    [
      [0, runStarted()],
      [10, { type: 'run.notice', level: 'info', code: 'tcg', message: 'KVM does not run guests: TCG' }],
      [
        20,
        runPlanned(
          [
            planned('boot.usr-read-only'),
            planned('ignition.files', { description: 'files are written' }),
            planned(flaky),
            planned(infra),
            planned('selinux.enforcing', { expectation: { kind: 'skip', reason: 'not on direct boot' } }),
            ...shared.map((test) => planned(test, { group: 'ignition.merged' })),
          ],
          options.target,
        ),
      ],
      [100, started('boot.usr-read-only')],
      [110, phase('boot.usr-read-only', 'acquire')],
      [120, machine('m1', [{ test: 'boot.usr-read-only', n: 1 }])],
      [900, milestone('m1', 'kernel', 800)],
      [1000, phaseDone('boot.usr-read-only', 'acquire')],
      [1100, ended('boot.usr-read-only', 'passed')],
      [1200, judged('boot.usr-read-only', 'passed', 400)],
      [2000, started('ignition.files')],
      [2010, machine('m2', [{ test: 'ignition.files', n: 1 }])],
      [2050, phase('ignition.files', 'body')],
      [
        2060,
        {
          type: 'command.finished',
          attempt: { test: 'ignition.files', n: 1 },
          machine: 'm2',
          command: 'cat /etc/motd',
          exitCode: 1,
          durationMs: 12,
          stdoutBytes: 0,
          stderrBytes: 12,
          stdoutTail: '',
          stderrTail: 'No such file',
        },
      ],
      [5000, phaseDone('ignition.files', 'body', false)],
      [
        5010,
        {
          type: 'attachment',
          attempt: { test: 'ignition.files', n: 1 },
          machine: 'm2',
          name: 'console',
          path: 'attempts/ignition.files/1/m2/console.txt',
          contentType: 'text/plain',
          bytes: 100,
        },
      ],
      [5020, ended('ignition.files', 'failed', [softFailure, hardFailure])],
      [5030, judged('ignition.files', 'failed')],
      [6000, started(flaky)],
      [6500, ended(flaky, 'failed', [{ ...softFailure, soft: false }], { willRetry: true })],
      [7000, started(flaky, 2)],
      [7500, ended(flaky, 'passed', [], { n: 2 })],
      [7510, judged(flaky, 'flaky', 6000, 2)],
      [8000, started(infra)],
      [8010, phase(infra, 'acquire')],
      [8100, phaseDone(infra, 'acquire', false)],
      [8200, ended(infra, 'infra', [infraFailure], { willRetry: true })],
      [8300, started(infra, 2)],
      [8400, ended(infra, 'infra', [infraFailure], { n: 2 })],
      [8410, judged(infra, 'infra', 6000, 2)],
      ...shared.map((test): readonly [number, EventBody] => [9000, started(test, 1, 'ignition.merged')]),
      ...shared.map((test): readonly [number, EventBody] => [9010, phase(test, 'acquire')]),
      [9020, machine('m3', refs)],
      [9900, milestone('m3', 'initrd', 900)],
      [33_000, milestone('m3', 'ssh', 24_000)],
      ...shared.flatMap((test): readonly (readonly [number, EventBody])[] => [
        [34_000, ended(test, 'passed')],
        [34_010, judged(test, 'passed', 300)],
      ]),
      [95_000, runFinished({ passed: 3, failed: 1, flaky: 1, infra: 1, skipped: 1 }, 1)],
    ],
    options,
  )
}

/** Killed in the middle of the second of three tests: no end. */
export function killedRun(): readonly SignalboxEvent[] {
  return stream([
    [0, runStarted()],
    [20, runPlanned([planned('a.one'), planned('a.two'), planned('a.three')])],
    [100, started('a.one')],
    [200, ended('a.one', 'passed')],
    [210, judged('a.one', 'passed')],
    [300, started('a.two')],
    [310, phase('a.two', 'ready')],
  ])
}

/** Ctrl-C in the middle of the second test. */
export function interruptedRun(): readonly SignalboxEvent[] {
  return stream([
    ...killedRun().map((event): readonly [number, EventBody] => [event.ms, event]),
    [400, { type: 'run.interrupted', signal: 'SIGINT' }],
    [500, runFinished({ passed: 1, missing: 2 }, 130)],
  ])
}

/** Everything a guest can put into text, in every field that takes text from it. */
export const payload =
  '\u001B]52;c;cm0gLXJmIC8=\u0007\u001B]0;owned\u001B\\\u009B31m\u001B[2J\u0000\u202E</details><script>alert(1)</script>```]]>&"\'|# SKIP\n...\nBail out!\nok 99'

export function hostileRun(): readonly SignalboxEvent[] {
  const test = `evil.${payload}`
  const failure: Failure = {
    phase: 'body',
    kind: 'error',
    code: payload,
    message: payload,
    hint: payload,
    location: { file: payload, line: 1, column: 1 },
    frame: payload,
    stack: `Error\n    at ${payload}`,
    machine: payload,
    evidence: [payload, payload],
  }
  return stream([
    [
      0,
      {
        ...runStarted(),
        type: 'run.started',
        command: [payload],
        tool: { name: 'signalbox', version: payload },
        host: { [payload]: payload },
      },
    ],
    [1, { type: 'run.notice', level: 'warning', code: payload, message: payload }],
    [
      2,
      runPlanned(
        [
          planned(test, { description: payload, tags: [payload], group: payload }),
          planned('evil.skip', { expectation: { kind: 'skip', reason: payload } }),
          planned('evil.missing', { location: { file: payload, line: 1, column: 1 } }),
        ],
        payload,
      ),
    ],
    [3, started(test, 1, payload)],
    [
      4,
      {
        ...machine(payload, [
          { test, n: 1 },
          { test: 'evil.missing', n: 1 },
        ]),
      },
    ],
    [5, milestone(payload, payload, 100)],
    [6, milestone(payload, 'ssh', 100)],
    [7, { type: 'step.started', attempt: { test, n: 1 }, step: 's', category: 'test.step', title: payload }],
    [8, { type: 'log', attempt: { test, n: 1 }, level: 'warning', message: payload }],
    [
      9,
      {
        type: 'attachment',
        attempt: { test, n: 1 },
        name: payload,
        path: payload,
        contentType: payload,
        bytes: 1,
      },
    ],
    [10, ended(test, 'failed', [failure], { willRetry: true, reason: payload })],
    [11, started(test, 2, payload)],
    [12, ended(test, 'failed', [failure], { n: 2 })],
    [13, judged(test, 'failed')],
    [14, { type: 'run.interrupted', signal: payload }],
  ])
}
