// A run of a matrix for the browser tests: two architectures by firmware and TPM, with failures that have to do with where a test
// ran.

import { EVENT_VERSION, type EventBody, type SignalboxEvent } from '../events.ts'
import type { Architecture, Failure, Firmware, Outcome, PlannedTest, Target, Verdict } from '../model.ts'
import { noVerdicts } from '../verdict.ts'

const EPOCH = Date.UTC(2026, 10, 29, 2)

const subjects = ['boot', 'ignition', 'network', 'update', 'selinux', 'systemd', 'storage', 'users']
const names = ['applies', 'basic', 'persists', 'reboots', 'rolls-back']

/** Tests that come out by where they run; all others pass. */
const special: Readonly<Record<string, (target: Target) => Verdict>> = {
  'boot.basic': ({ architecture }) => (architecture === 'arm64' ? 'failed' : 'passed'),
  'boot.reboots': ({ architecture }) => (architecture === 'arm64' ? 'failed' : 'passed'),
  'update.rolls-back': ({ firmware }) => (firmware === 'direct' ? 'skipped' : 'failed'),
  'selinux.applies': ({ firmware }) => (firmware === 'uefi-secure' ? 'failed' : 'passed'),
  'storage.persists': ({ axes }) => (axes?.['tpm'] === 'on' ? 'flaky' : 'passed'),
  'network.reboots': ({ name }) => (name === 'qemu-x86_64-uefi-stable' ? 'infra' : 'passed'),
  'users.basic': () => 'skipped',
}

const firmwares: readonly (readonly [Firmware, boolean])[] = [
  ['direct', false],
  ['uefi', false],
  ['uefi', true],
  ['uefi-secure', false],
  ['uefi-secure', true],
]

/** The cells, `channels` times ten. */
export function matrixTargets(channels: readonly string[] = ['stable']): readonly Target[] {
  return channels.flatMap((channel) =>
    (['x86_64', 'arm64'] as const satisfies readonly Architecture[]).flatMap((architecture) =>
      firmwares.map(([firmware, tpm]): Target => ({
        name: ['qemu', architecture, firmware, ...(tpm ? ['tpm'] : []), channel].join('-'),
        platform: 'qemu',
        architecture,
        firmware,
        channel,
        distro: 'reference',
        version: '1.0.0',
        ...(tpm ? { axes: { tpm: 'on' } } : {}),
      })),
    ),
  )
}

/** Events of one run over these targets. */
export function matrixRun(targets: readonly Target[]): readonly SignalboxEvent[] {
  return targets.flatMap(runOn)
}

function runOn(target: Target): readonly SignalboxEvent[] {
  const events: SignalboxEvent[] = []
  const emit = (ms: number, body: EventBody): void => {
    const at = new Date(EPOCH + ms).toISOString()
    events.push({ v: EVENT_VERSION, run: `nightly.${target.name}`, seq: events.length + 1, at, ms, ...body })
  }
  const tests = subjects.flatMap((subject) => names.map((name) => `${subject}.${name}`))
  const verdicts = new Map(tests.map((test) => [test, special[test]?.(target) ?? 'passed']))
  const { architecture } = target
  emit(0, {
    type: 'run.started',
    command: ['signalbox', 'run', '--target', 'qemu-*'],
    cell: target.name,
    tool: { name: 'signalbox', version: '0.1.0' },
    host: { name: 'host' },
  })
  emit(1, {
    type: 'run.planned',
    target,
    image: {
      digest: 'sha256:00',
      distro: 'reference',
      version: '1.0.0',
      channel: target.channel,
      architecture,
    },
    digest: 'sha256:01',
    tests: tests.map((test) => planned(test, verdicts.get(test) === 'skipped')),
    jobs: 2,
    budget: { memoryMiB: 4096, cpus: 4 },
  })
  const slow = architecture === 'arm64' ? 9000 : 2000
  for (const [index, [test, verdict]] of [...verdicts].entries()) {
    const ms = 100 + index * slow
    if (verdict !== 'skipped') attempts(emit, test, verdict, ms, slow)
    emit(ms + slow, {
      type: 'test.finished',
      test,
      verdict,
      durationMs: verdict === 'skipped' ? 0 : slow,
      attempts: verdict === 'skipped' ? 0 : 1,
      ...(verdict === 'skipped' ? { reason: whySkipped(test) } : {}),
    })
  }
  const end = 100 + verdicts.size * slow
  const counts = { ...noVerdicts }
  for (const verdict of verdicts.values()) counts[verdict] += 1
  emit(end, { type: 'run.finished', verdicts: counts, exitCode: 1, durationMs: end })
  return events
}

function attempts(
  emit: (ms: number, body: EventBody) => void,
  test: string,
  verdict: Verdict,
  at: number,
  slow: number,
): void {
  const outcomes: readonly Outcome[] =
    verdict === 'flaky'
      ? ['failed', 'passed']
      : [verdict === 'failed' || verdict === 'infra' ? verdict : 'passed']
  for (const [index, outcome] of outcomes.entries()) {
    const attempt = { test, n: index + 1 }
    emit(at + index, { type: 'attempt.started', attempt })
    emit(at + index + slow - 10, {
      type: 'attempt.finished',
      attempt,
      outcome,
      durationMs: slow - 10,
      failures: outcome === 'passed' ? [] : [failureOf(test, outcome)],
      willRetry: index + 1 < outcomes.length,
    })
  }
}

function failureOf(test: string, outcome: Outcome): Failure {
  return {
    phase: outcome === 'infra' ? 'acquire' : 'body',
    kind: outcome === 'infra' ? 'infra' : 'assertion',
    code: outcome === 'infra' ? 'qemu-exited' : 'expect.toBe',
    message:
      outcome === 'infra'
        ? 'QEMU ended before the machine was up'
        : `expected ${test} to be as it was before`,
  }
}

const whySkipped = (test: string): string =>
  test === 'users.basic'
    ? 'needs internet around the machines; say --surroundings internet where there is'
    : 'needs firmware uefi or uefi-secure; this target has direct'

function planned(test: string, skipped: boolean): PlannedTest {
  return {
    test,
    description: `What ${test} promises`,
    location: { file: `tests/${test.split('.')[0] ?? ''}.ts`, line: 7, column: 1 },
    tags: test.endsWith('basic') ? ['smoke'] : [],
    aliases: [],
    expectation: skipped ? { kind: 'skip', reason: whySkipped(test) } : { kind: 'run' },
  }
}
