// A run for the browser tests: two targets, everything that a timeline can hold, and every payload that a guest might try
// in every text that it can choose.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EVENT_VERSION, type EventBody, type SignalboxEvent } from '../events.ts'
import type { Failure, Outcome, PlannedTest } from '../model.ts'
import { noVerdicts } from '../verdict.ts'
import { payloads } from './hostile-payloads.test.data.ts'

export const EPOCH = Date.UTC(2026, 10, 28, 12)

const all = payloads.join(' ')

export interface Stream {
  readonly events: readonly SignalboxEvent[]
}

type Emit = (ms: number, body: EventBody) => void

/** Events of one run on one target. */
export function runOn(
  run: string,
  name: string,
  bodies: (emit: Emit) => void,
  startMs = 0,
): readonly SignalboxEvent[] {
  const events: SignalboxEvent[] = []
  const emit: Emit = (ms, body) => {
    const at = new Date(EPOCH + startMs + ms).toISOString()
    events.push({ v: EVENT_VERSION, run, seq: events.length + 1, at, ms, ...body })
  }
  const [platform = 'qemu', architecture] = name.split('-')
  emit(0, {
    type: 'run.started',
    command: ['signalbox', 'run'],
    options: ['--platform', platform, '--image', 'an image.raw'],
    tool: { name: 'signalbox', version: '0.1.0' },
    host: { name: 'host' },
  })
  emit(1, {
    type: 'run.planned',
    target: {
      name,
      platform,
      architecture: architecture === 'arm64' ? 'arm64' : 'x86_64',
      firmware: 'uefi',
      channel: 'beta',
      distro: 'flatcar',
      version: '4000.1.0',
    },
    image: {
      digest: 'sha256:00',
      distro: 'flatcar',
      version: '4000.1.0',
      channel: 'beta',
      architecture: architecture === 'arm64' ? 'arm64' : 'x86_64',
    },
    digest: 'sha256:01',
    tests: plannedTests,
    jobs: 2,
    budget: { memoryMiB: 4096, cpus: 2 },
  })
  bodies(emit)
  return events
}

export const hostileTest = `sly.${payloads[0]}\u202E`

const plannedTests: readonly PlannedTest[] = [
  planned('boot.usr', ['smoke']),
  planned('update.resumes', ['update', 'slow']),
  planned('update.applies', ['update']),
  planned('ignition.files', ['smoke']),
  {
    ...planned(hostileTest, [payloads[2] ?? '', payloads[17] ?? '']),
    description: all,
    aliases: [all],
    location: { file: `${all}.ts`, line: 1, column: 1 },
    knownFailure: {
      mode: 'warn',
      pattern: all,
      reason: all,
      tracker: 'javascript:window.owned=11',
      source: all,
    },
  },
]

function planned(test: string, tags: readonly string[]): PlannedTest {
  return {
    test,
    description: `What ${test} promises`,
    location: { file: `tests/${test.split('.')[0] ?? ''}.ts`, line: 7, column: 1 },
    tags,
    aliases: [],
    expectation: { kind: 'run' },
  }
}

export interface AttemptOptions {
  readonly test: string
  readonly n?: number
  readonly at: number
  readonly outcome: Outcome
  readonly failure?: Failure
  /** Output of its second command. */
  readonly state?: string
  readonly willRetry?: boolean
}

/** An attempt of 1 s with two machines: phases, steps, a fault, commands, a subtest, a log line, files. */
export function attemptOf(
  emit: Emit,
  { test, n = 1, at, outcome, failure, state = 'idle', willRetry = false }: AttemptOptions,
): void {
  const attempt = { test, n }
  const ids = [`${test}-${n}-m0`, `${test}-${n}-m1`]
  emit(at, { type: 'attempt.started', attempt })
  emit(at + 1, { type: 'phase.started', attempt, phase: 'acquire', timeoutMs: 1000 })
  for (const [index, machine] of ids.entries()) {
    emit(at + 10, {
      type: 'machine.created',
      machine,
      name: `m${index}`,
      attempts: [attempt],
      platform: 'qemu',
      origin: 'cold',
      facts: { memoryMiB: 1024, cpuModel: test === hostileTest ? all : 'q' },
    })
    for (const [order, milestone] of ['kernel', 'journal', 'ssh', 'running'].entries())
      emit(at + 40 + order * 40, { type: 'machine.milestone', machine, milestone, sinceMs: 30 + order * 40 })
  }
  emit(at + 200, { type: 'phase.finished', attempt, phase: 'acquire', durationMs: 199, ok: true })
  emit(at + 200, { type: 'phase.started', attempt, phase: 'body', timeoutMs: 1000 })
  const title = test === hostileTest ? all : 'start the update'
  emit(at + 210, { type: 'step.started', attempt, step: 's1', category: 'test.step', title })
  command(emit, at + 300, attempt, ids[0] ?? '', test === hostileTest ? all : 'update-client -check', 'ok\n')
  command(
    emit,
    at + 420,
    attempt,
    ids[0] ?? '',
    'update-client -status',
    test === hostileTest ? all : `CURRENT_OP=${state}\n`,
  )
  emit(at + 430, {
    type: 'step.started',
    attempt,
    step: 's2',
    parent: 's1',
    category: 'network',
    title: 'network: cut m1',
  })
  emit(at + 450, { type: 'step.finished', attempt, step: 's2', durationMs: 20 })
  emit(at + 500, {
    type: 'step.finished',
    attempt,
    step: 's1',
    durationMs: 290,
    ...(failure === undefined ? {} : { error: failure.message }),
  })
  emit(at + 520, {
    type: 'subtest.finished',
    attempt,
    name: test === hostileTest ? all : 'point 1',
    outcome: 'passed',
    durationMs: 5,
  })
  emit(at + 530, {
    type: 'log',
    attempt,
    level: 'warning',
    message: test === hostileTest ? all : 'said by the test',
  })
  emit(at + 700, {
    type: 'phase.finished',
    attempt,
    phase: 'body',
    durationMs: 500,
    ok: failure === undefined,
  })
  for (const [index, machine] of ids.entries()) {
    for (const name of ['console.txt', 'journal.jsonl'])
      emit(at + 800, {
        type: 'attachment',
        attempt,
        machine,
        name,
        path: `${folderOf(test, n)}/m${index}/${name}`,
        contentType: 'text/plain',
        bytes: 1000,
      })
    emit(at + 900, { type: 'machine.destroyed', machine, durationMs: 20 })
  }
  emit(at + 905, {
    type: 'metric',
    attempt,
    machine: ids[0] ?? '',
    name: 'memory.private',
    value: 62.5,
    unit: 'MiB',
  })
  if (test === hostileTest) emit(at + 905, { type: 'metric', attempt, name: all, value: 1, unit: all })
  if (test === hostileTest)
    for (const path of [
      'attempts/x/evil.html',
      'attempts/x/evil.svg',
      'javascript:window.owned=12//a.txt',
      `attempts/${payloads[0]}.txt`,
    ])
      emit(at + 910, { type: 'attachment', attempt, name: all, path, contentType: 'text/html', bytes: 1 })
  emit(at + 1000, {
    type: 'attempt.finished',
    attempt,
    outcome,
    failures: failure === undefined ? [] : [failure],
    durationMs: 1000,
    willRetry,
  })
}

function command(
  emit: Emit,
  ms: number,
  attempt: { readonly test: string; readonly n: number },
  machine: string,
  text: string,
  stdoutTail: string,
): void {
  emit(ms, {
    type: 'command.finished',
    attempt,
    machine,
    command: text,
    exitCode: 0,
    durationMs: 60,
    stdoutBytes: stdoutTail.length,
    stderrBytes: 0,
    stdoutTail,
    stderrTail: '',
  })
}

function folderOf(test: string, n: number): string {
  return `attempts/${test === hostileTest ? 'sly' : test}/${n}`
}

/** Writes the logs of an attempt: lines between 100 and 900 ms of it. */
export function writeLogs(
  folder: string,
  { test, n = 1, at }: AttemptOptions,
  extra: readonly string[] = [],
): void {
  for (const machine of ['m0', 'm1']) {
    const place = join(folder, folderOf(test, n), machine)
    mkdirSync(place, { recursive: true })
    const lines = ['Linux version 6.12.0', 'Welcome to Flatcar!', ...extra]
    writeFileSync(join(place, 'console.txt'), lines.map((line) => `${line}\n`).join(''))
    writeFileSync(
      join(place, 'console.jsonl'),
      lines.map((line, index) => `${JSON.stringify({ at: EPOCH + at + 100 + index * 10, line })}\n`).join(''),
    )
    writeFileSync(
      join(place, 'journal.jsonl'),
      ['Started sshd.service', `unit ${machine} is up`, ...extra]
        .map(
          (MESSAGE, index) =>
            `${JSON.stringify({ __REALTIME_TIMESTAMP: String((EPOCH + at + 150 + index * 10) * 1000), SYSLOG_IDENTIFIER: test === hostileTest ? all : 'systemd', _PID: '1', PRIORITY: index > 1 ? '3' : '6', MESSAGE })}\n`,
        )
        .join(''),
    )
  }
}

export const failure: Failure = {
  phase: 'body',
  kind: 'assertion',
  code: 'expect.toHaveFile',
  message: 'expected the update to resume\nReceived: "idle"',
  hint: 'look at the update client',
  location: { file: 'tests/update.ts', line: 12, column: 3 },
  frame: '  11 | a\n> 12 | b\n',
  evidence: ['update_engine[1]: failed'],
}

/** Every text of it is a payload. */
export const hostileFailure: Failure = {
  ...failure,
  code: all,
  message: all,
  hint: all,
  location: { file: all, line: 1, column: 1 },
  frame: all,
  stack: all,
  machine: all,
  evidence: payloads,
}

/** Two targets: on arm64 the update does not resume, on x86_64 it does at the second try. */
export function twoTargets(folder: string): readonly SignalboxEvent[] {
  const arm: readonly AttemptOptions[] = [
    { test: 'boot.usr', at: 100, outcome: 'passed' },
    { test: 'update.resumes', at: 1500, outcome: 'failed', failure, state: 'stuck', willRetry: true },
    { test: 'update.resumes', n: 2, at: 3000, outcome: 'failed', failure, state: 'stuck' },
    { test: 'update.applies', at: 1200, outcome: 'passed' },
    { test: hostileTest, at: 4000, outcome: 'failed', failure: hostileFailure },
  ]
  const x86: readonly AttemptOptions[] = [
    { test: 'boot.usr', at: 100, outcome: 'passed' },
    { test: 'update.resumes', at: 1500, outcome: 'failed', failure, state: 'stuck', willRetry: true },
    { test: 'update.resumes', n: 2, at: 3000, outcome: 'passed' },
    {
      test: 'update.applies',
      at: 1200,
      outcome: 'infra',
      failure: { ...failure, kind: 'infra', code: 'no-capacity', message: 'no capacity' },
    },
  ]
  for (const each of arm)
    writeLogs(
      folder,
      each,
      each.test === hostileTest
        ? payloads
        : each.outcome === 'failed'
          ? ['update_engine: payload hash mismatch']
          : [],
    )
  return [
    ...runOn('run-arm', 'qemu-arm64', (emit) => {
      for (const each of arm) attemptOf(emit, each)
      emit(5100, { type: 'run.notice', level: 'warning', code: 'sly', message: all })
      for (const [test, verdict] of [
        ['boot.usr', 'passed'],
        ['update.resumes', 'failed'],
        ['update.applies', 'passed'],
        [hostileTest, 'failed'],
      ] as const)
        emit(5200, { type: 'test.finished', test, verdict, attempts: 1, durationMs: 1000 })
      emit(6000, { type: 'run.finished', verdicts: noVerdicts, exitCode: 1, durationMs: 6000 })
    }),
    ...runOn('run-x86', 'qemu-x86_64', (emit) => {
      for (const each of x86) attemptOf(emit, each)
      for (const [test, verdict] of [
        ['boot.usr', 'passed'],
        ['update.resumes', 'flaky'],
        ['update.applies', 'infra'],
      ] as const)
        emit(5200, {
          type: 'test.finished',
          test,
          verdict,
          attempts: test === 'update.resumes' ? 2 : 1,
          durationMs: 1000,
        })
      emit(6000, { type: 'run.interrupted', signal: all })
    }),
  ]
}

/** The day before, all was well on arm64. */
export function dayBefore(folder: string): readonly SignalboxEvent[] {
  const green: AttemptOptions = { test: 'update.resumes', at: 1500, outcome: 'passed' }
  writeLogs(folder, { ...green, at: 1500 - 86_400_000 })
  return runOn(
    'run-before',
    'qemu-arm64',
    (emit) => {
      attemptOf(emit, green)
      emit(5200, {
        type: 'test.finished',
        test: 'update.resumes',
        verdict: 'passed',
        attempts: 1,
        durationMs: 1000,
      })
      emit(6000, { type: 'run.finished', verdicts: noVerdicts, exitCode: 0, durationMs: 6000 })
    },
    -86_400_000,
  )
}
