// The events of a large nightly matrix, made up: 1,000 tests on 20 targets, each with phases, a machine, steps and commands
// whose output differs from attempt to attempt. The same for the same seed.

import { openRandom } from './random.ts'
import { EVENT_VERSION, type EventBody, type SignalboxEvent } from '../events.ts'
import type { Failure, Outcome, Phase, PlannedTest, VerdictCounts } from '../model.ts'
import { noVerdicts } from '../verdict.ts'

const TESTS = 1000
const TARGETS = 20
const PHASES: readonly Phase[] = ['acquire', 'ready', 'body', 'collect', 'checks', 'teardown']
const SUBJECTS = ['boot', 'ignition', 'network', 'update', 'docker', 'etcd', 'selinux', 'kubeadm']
const COMMANDS = [
  'systemctl is-active update-engine.service',
  'cat /etc/os-release',
  'journalctl --boot --unit sshd --lines 20 --no-pager',
  'findmnt --json /usr',
  'ss -lntup',
  'ip -json address show',
  'docker run --rm busybox true',
  'sha256sum /usr/lib/os-release',
]

/** All events, target after target. */
export function manyAttempts(): readonly SignalboxEvent[] {
  const random = openRandom(7)
  const events: SignalboxEvent[] = []
  for (let target = 0; target < TARGETS; target += 1) addRun(target, random, events)
  return events
}

function addRun(target: number, random: () => number, events: SignalboxEvent[]): void {
  const run = `20261128-0300${String(target).padStart(2, '0')}-bench0`
  const architecture = target % 2 === 0 ? 'x86_64' : 'arm64'
  const platform = target < 12 ? 'qemu' : 'aws'
  const firmware = (['direct', 'bios', 'uefi', 'uefi-secure'] as const)[target % 4] ?? 'uefi'
  const channel = ['alpha', 'beta', 'stable', 'lts'][Math.floor(target / 5)] ?? 'alpha'
  const begin = Date.UTC(2026, 10, 28, 3, target)
  let seq = 0
  const emit = (ms: number, body: EventBody): void => {
    seq += 1
    const at = new Date(begin + ms).toISOString()
    events.push({ v: EVENT_VERSION, run, seq, at, ms: Math.round(ms * 10) / 10, ...body })
  }
  emit(0, {
    type: 'run.started',
    command: ['signalbox', 'run'],
    tool: { name: 'signalbox', version: '0.1.0' },
    host: { name: 'nightly', kernel: '6.12.0' },
  })
  const name = `${platform}-${architecture}-${firmware}-${channel}`
  emit(5, {
    type: 'run.planned',
    target: { name, platform, architecture, firmware, channel, distro: 'flatcar', version: '4567.1.0' },
    image: {
      digest: `sha256:${String(target).repeat(64).slice(0, 64)}`,
      distro: 'flatcar',
      version: '4567.1.0',
      channel,
      architecture,
    },
    digest: `sha256:${'ab'.repeat(32)}`,
    tests: Array.from({ length: TESTS }, (_, test) => planned(test)),
    jobs: 40,
    budget: { memoryMiB: 65536, cpus: 40 },
  })
  const counts: Record<keyof VerdictCounts, number> = { ...noVerdicts }
  for (let test = 0; test < TESTS; test += 1) {
    const outcome: Outcome = random() < 0.985 ? 'passed' : random() < 0.8 ? 'failed' : 'infra'
    counts[outcome === 'passed' ? 'passed' : outcome === 'failed' ? 'failed' : 'infra'] += 1
    addAttempt(nameOf(test), 20 + (test / 40) * 4000 * random(), outcome, random, emit)
  }
  emit(120_000, { type: 'run.finished', verdicts: counts, exitCode: 1, durationMs: 120_000 })
}

type EmitAt = (ms: number, body: EventBody) => void

function addAttempt(test: string, begin: number, outcome: Outcome, random: () => number, emit: EmitAt): void {
  const attempt = { test, n: 1 }
  const machine = `${hex(random)}${hex(random)}`
  let ms = begin
  const pass = (most: number): number => (ms += random() * most)
  emit(ms, { type: 'attempt.started', attempt })
  for (const phase of PHASES) {
    const from = pass(3)
    emit(from, { type: 'phase.started', attempt, phase, timeoutMs: 60_000 })
    if (phase === 'acquire') {
      emit(pass(400), {
        type: 'machine.created',
        machine,
        name: 'm0',
        attempts: [attempt],
        platform: 'qemu',
        origin: 'fork',
        facts: { memoryMiB: 1024, cpus: 2, ssh: `127.0.0.1:${Math.round(20_000 + random() * 40_000)}` },
      })
      for (const milestone of ['kernel', 'journal', 'ssh', 'running'])
        emit(pass(150), { type: 'machine.milestone', machine, milestone, sinceMs: ms - from })
    }
    if (phase === 'body') addBody(test, attempt, machine, random, emit, pass)
    emit(pass(80), {
      type: 'phase.finished',
      attempt,
      phase,
      durationMs: ms - from,
      ok: phase !== 'body' || outcome === 'passed',
    })
  }
  emit(pass(20), { type: 'machine.destroyed', machine, durationMs: 12 })
  for (const name of ['console.txt', 'journal.txt', 'journal.jsonl', 'ignition.json'])
    emit(ms, {
      type: 'attachment',
      attempt,
      machine,
      name,
      path: `attempts/${test}/1/m0/${name}`,
      contentType: 'text/plain',
      bytes: Math.round(random() * 90_000),
    })
  const failures = outcome === 'passed' ? [] : [failureOf(test, outcome, random)]
  emit(ms, { type: 'attempt.finished', attempt, outcome, failures, durationMs: ms - begin, willRetry: false })
  const verdict = outcome === 'failed' || outcome === 'infra' ? outcome : 'passed'
  emit(ms, { type: 'test.finished', test, verdict, attempts: 1, durationMs: ms - begin })
}

function addBody(
  test: string,
  attempt: { readonly test: string; readonly n: number },
  machine: string,
  random: () => number,
  emit: EmitAt,
  pass: (most: number) => number,
): void {
  for (let index = 0; index < 8; index += 1) {
    const step = `${attempt.n}.${index}`
    const from = pass(30)
    emit(from, {
      type: 'step.started',
      attempt,
      step,
      category: 'test.step',
      title: `${test.split('.').at(-1)}: part ${index}`,
    })
    const stdoutTail = `${hex(random)}${hex(random)}  state ${Math.round(random() * 1000)}\nActive: active (running) since ${Math.round(random() * 1e6)}\nMain PID: ${Math.round(random() * 30_000)}\n`
    emit(pass(300), {
      type: 'command.finished',
      attempt,
      machine,
      command: COMMANDS[Math.floor(random() * COMMANDS.length)] ?? 'true',
      exitCode: 0,
      durationMs: random() * 200,
      stdoutBytes: stdoutTail.length,
      stderrBytes: 0,
      stdoutTail,
      stderrTail: '',
    })
    emit(pass(10), { type: 'step.finished', attempt, step, durationMs: 20 })
  }
}

function planned(test: number): PlannedTest {
  const name = nameOf(test)
  return {
    test: name,
    description: `What ${name} promises holds after an update and a reboot.`,
    location: { file: `tests/${name.split('.')[0] ?? 'boot'}.ts`, line: 10 + (test % 300), column: 3 },
    tags: test % 10 === 0 ? ['smoke'] : test % 7 === 0 ? ['update', 'slow'] : [],
    aliases: [],
    expectation: { kind: 'run' },
  }
}

function nameOf(test: number): string {
  return `${SUBJECTS[test % SUBJECTS.length] ?? 'boot'}.area-${Math.floor(test / 40)}.case-${test}`
}

function failureOf(test: string, outcome: Outcome, random: () => number): Failure {
  if (outcome === 'infra')
    return {
      phase: 'acquire',
      kind: 'infra',
      code: 'no-capacity',
      message: 'the platform has no machine of this type now',
    }
  return {
    phase: 'body',
    kind: 'assertion',
    code: 'expect.toHaveActiveUnit',
    message: `expected update-engine.service to be active\nReceived: "failed" after ${Math.round(random() * 9000)} ms`,
    location: { file: `tests/${test.split('.')[0] ?? 'boot'}.ts`, line: 42, column: 5 },
    evidence: Array.from(
      { length: 20 },
      () =>
        `systemd[1]: update-engine.service: Main process exited, status=${Math.round(random() * 100)} ${hex(random)}`,
    ),
  }
}

function hex(random: () => number): string {
  return Math.floor(random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0')
}
