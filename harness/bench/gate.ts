// How long the gate takes to decide over 100,000 attempts: of run records that are in memory, with flake budgets over a
// history, a baseline, and one failure and one flake in a hundred.

import { decide, type DecisionView } from '../../reports/gate/index.ts'
import { planDigest } from '../plan-digest.ts'
import { gateRunOf } from '../../reports/gate/from-record.ts'
import { parsePolicy } from '../../reports/gate/read-policy.ts'
import type { AttemptSummary, RunSummary, TestSummary } from '../../reports/run-summary.ts'
import { summarize } from '../../reports/summarize.ts'
import type { Benchmark } from './figure.ts'

const TARGETS = 4
const TESTS = 2500
const RUNS = 10
const DIGEST = `sha256:${'ab'.repeat(32)}`
const NOW = '2026-03-01T12:00:00.000Z'

const policy = `version: 1
channel: beta
rules:
  - name: smoke
    tests: ['area-1*', '!area-19*']
    tags: [smoke]
    require: first-attempt
    flakes: { atMost: 5%, confidence: 95%, history: 90d }
  - name: slow
    tests: ['*.case-*7']
    targets: ['qemu-0-*', 'qemu-1-*']
    require: 4 of 5
  - name: rest
    require: any-attempt
    redBefore: allow
    flakes: { atMost: 10% }
infra: { atMost: 5% }
freshness: { atMost: 14d }
metrics: [{ name: boots, metric: boot.ready, atMostMore: 20% }]
`

let records: readonly RunSummary[] = []
let past: Pick<DecisionView, 'baseline' | 'history'> = { baseline: [], history: [] }

/** The time from run records to a decision. */
export const gateDecision: Benchmark = {
  name: 'gate-100k',
  unit: 's',
  better: 'lower',
  n: 5,
  help: `deciding over ${TARGETS * TESTS * RUNS} attempts of ${TARGETS * RUNS} run records, a history and a baseline of as many`,
  asked: { atMost: 1 },
  async prepare() {
    records = makeRecords()
    past = makePast(gateRunsOf(records))
    await Promise.resolve()
  },
  async sample(report) {
    const started = performance.now()
    const before = process.cpuUsage()
    const runs = records.map(
      (record) => gateRunOf(record, '00'.repeat(32)) ?? raise('a record without a plan'),
    )
    const decision = decide(viewOf(runs))
    const seconds = (performance.now() - started) / 1000
    const { user, system } = process.cpuUsage(before)
    if (decision.counts.attempts !== TARGETS * TESTS * RUNS)
      raise(`${decision.counts.attempts} attempts counted`)
    report(`  ${decision.summary}; ${((user + system) / 1e6).toFixed(2)} s of CPU`)
    return await Promise.resolve(seconds)
  },
}

function gateRunsOf(all: readonly RunSummary[]): DecisionView['runs'] {
  return all.map((record) => gateRunOf(record, '00'.repeat(32)) ?? raise('a record without a plan'))
}

/** The image before, and the days before. */
function makePast(runs: DecisionView['runs']): typeof past {
  const history = runs.flatMap(({ place, cells }, index) =>
    cells.map(({ test }) => ({
      run: `past-${index}`,
      at: '2026-02-01T00:00:00Z',
      place,
      test,
      trials: 10,
      flakes: index % 20 === 0 ? 1 : 0,
    })),
  )
  const baseline = runs.map((run) => ({
    ...run,
    run: `before-${run.run}`,
    image: { ...run.image, digest: `sha256:${'cd'.repeat(32)}` },
  }))
  return { history, baseline }
}

function viewOf(runs: DecisionView['runs']): DecisionView {
  const nothing = { ledger: [], waivers: [], approvals: [], attestations: [], inputs: [], keys: {} }
  return {
    channel: 'beta',
    images: [DIGEST],
    now: NOW,
    policy: parsePolicy(policy, 'bench.yaml'),
    runs,
    ...past,
    ...nothing,
  }
}

function makeRecords(): readonly RunSummary[] {
  return Array.from({ length: TARGETS * RUNS }, (_, index) => {
    const target = `qemu-${index % TARGETS}-alpha`
    const run = `run-${index}`
    return makeRecord(run, target, Math.floor(index / TARGETS))
  })
}

function makeRecord(run: string, target: string, round: number): RunSummary {
  const [empty] = summarize([
    {
      v: 1,
      run,
      seq: 0,
      at: new Date(Date.parse(NOW) - (round + 1) * 3_600_000).toISOString(),
      ms: 0,
      type: 'run.started',
      command: ['signalbox', 'run', '--target', target],
      tool: { name: 'signalbox', version: '0.1.0' },
      host: { kernel: '6.1' },
    },
  ]).runs
  const identity = {
    distro: 'reference',
    version: '4500.1.0',
    channel: 'alpha',
    architecture: 'x86_64',
  } as const
  const tests = Array.from({ length: TESTS }, (_, index) => makeTest(index, round))
  const expectation = { kind: 'run' } as const
  const plan = {
    target: { name: target, platform: 'qemu', firmware: 'uefi', ...identity },
    image: { digest: DIGEST, ...identity },
  } as const
  const digest = planDigest({ ...plan, tests: tests.map(({ test }) => ({ test, expectation })) })
  return {
    ...(empty ?? raise('no run')),
    state: 'finished',
    ...plan,
    plan: { digest, jobs: 2, budget: { memoryMiB: 4096, cpus: 2 } },
    planned: TESTS,
    finished: TESTS,
    tests,
  }
}

function makeTest(index: number, round: number): TestSummary {
  const failed = index % 100 === 7 || (index % 100 === 13 && round === 3)
  return {
    test: `area-${index % 50}.case-${index}`,
    verdict: failed ? 'failed' : 'passed',
    durationMs: 3000,
    planned: true,
    expectation: { kind: 'run' },
    tags: index % 10 === 0 ? ['smoke'] : [],
    aliases: [],
    attempts: [makeAttempt(failed, index)],
  }
}

function makeAttempt(failed: boolean, index: number): AttemptSummary {
  const fingerprint = `f1-${String(index).padStart(16, '0')}`
  const message = `expected "${index}" to be "${index + 1}"`
  const failure = { phase: 'body', kind: 'assertion', code: 'expect.toBe', message, fingerprint } as const
  const phases = (['acquire', 'ready', 'body', 'collect', 'checks', 'teardown'] as const).map((phase) => ({
    phase,
    durationMs: 500,
    ok: true,
  }))
  return {
    n: 1,
    outcome: failed ? 'failed' : 'passed',
    startedMs: index * 100,
    durationMs: 3000,
    phases,
    failures: failed ? [failure] : [],
    ...(failed ? { fingerprint } : {}),
    metrics: [{ name: 'boot.ready', value: 400 + (index % 50), unit: 'ms' }],
    machines: ['m'],
    attachments: [],
    commandCount: 0,
    commands: [],
    stepCount: 0,
    steps: [],
  }
}

function raise(message: string): never {
  throw new Error(message)
}
