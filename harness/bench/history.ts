// What a question to the history costs: a million attempts in a file of SQLite, imported as runs are, and the slowest of
// all queries.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AttemptSummary, RunSummary, TestSummary } from '../../reports/run-summary.ts'
import {
  compareImages,
  findRuns,
  fingerprintHistory,
  flakeRank,
  type History,
  importRun,
  lastAttempts,
  metricHistory,
  openHistory,
  passRate,
  trend,
} from '../../reports/history/index.ts'
import { withFingerprint } from '../../reports/record/fingerprint.ts'
import type { Failure } from '../model.ts'
import type { Benchmark } from './figure.ts'

const TESTS = 400
const TARGETS = 5
const DAYS = 250
const RUNS_A_DAY = 2
const DAY_MS = 86_400_000
const LAST_DAY = Date.UTC(2026, 10, 1)

let history: History | undefined

export const historyQuery: Benchmark = {
  name: 'history-1m-query',
  unit: 'ms',
  better: 'lower',
  n: 5,
  help: 'the slowest query of the history over a million attempts, embedded',
  asked: { atMost: 200 },
  async prepare() {
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-bench-history-'))
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
    history = await openHistory(join(folder, 'history.sqlite'))
    await fill(history)
  },
  async sample(report) {
    if (history === undefined) throw new Error('the history is not filled')
    const slowest = { name: '', ms: 0 }
    for (const [name, query] of queries(history)) {
      const startedAt = performance.now()
      const found = await query()
      const ms = performance.now() - startedAt
      if (found === undefined || (Array.isArray(found) && found.length === 0))
        throw new Error(`${name} found nothing`)
      report(`  ${name}: ${ms.toFixed(1)} ms`)
      if (ms > slowest.ms) Object.assign(slowest, { name, ms })
    }
    return slowest.ms
  },
}

function queries(of: History): readonly (readonly [string, () => Promise<unknown>])[] {
  const test = nameOf(7)
  const fingerprint = failureOf(7).fingerprint
  return [
    ['pass rate of a test', async () => await passRate(of, { test })],
    ['pass rate on a target', async () => await passRate(of, { test, target: 'target-2', channel: 'beta' })],
    ['last attempts', async () => await lastAttempts(of, { test }, 50)],
    ['last attempts on a target', async () => await lastAttempts(of, { test, target: 'target-2' }, 50)],
    ['first seen', async () => await fingerprintHistory(of, fingerprint)],
    ['runs of an image', async () => await findRuns(of, { image: versionOf(100) })],
    ['latest runs', async () => await findRuns(of, {})],
    ['flakes of all time', async () => await flakeRank(of, {})],
    ['flakes of a month', async () => await flakeRank(of, { sinceMs: LAST_DAY - 30 * DAY_MS })],
    ['trend', async () => await trend(of, { test })],
    ['metrics', async () => await metricHistory(of, { test, metric: 'boot.ssh' }, 50)],
    ['newly red', async () => await compareImages(of, versionOf(100), versionOf(101))],
  ]
}

async function fill(of: History): Promise<void> {
  let done = 0
  for (let day = 0; day < DAYS; day++)
    for (let round = 0; round < RUNS_A_DAY; round++)
      for (let target = 0; target < TARGETS; target++) {
        await importRun(of, { run: runOf(day, round, target), source: 'generated' })
        done += TESTS
        if (done % 100_000 === 0) process.stderr.write(`  ${done} attempts imported\n`)
      }
}

const nameOf = (test: number): string => `suite-${test % 20}.test-${test}`
const versionOf = (day: number): string => `4000.${day}.0`

function failureOf(test: number): ReturnType<typeof withFingerprint> {
  const failure: Failure = {
    phase: 'body',
    kind: 'assertion',
    code: 'expect.toHaveFile',
    message: `expected file ${'abcdefghij'[test % 10] ?? ''} of ${nameOf(test)}`,
  }
  return withFingerprint(failure)
}

/** Every test once, in a fixed mixture: 1 in 50 fails, 1 in 10 tests is flaky now and then by a second attempt. */
function runOf(day: number, round: number, target: number): RunSummary {
  const startedMs = LAST_DAY - (DAYS - day) * DAY_MS + round * 3_600_000 + target * 60_000
  const tests = Array.from({ length: TESTS }, (_, test) => testOf(test, day * 31 + round * 17 + target * 7))
  const count = (verdict: TestSummary['verdict']): number =>
    tests.filter((each) => each.verdict === verdict).length
  const identity = {
    distro: 'flatcar',
    version: versionOf(day),
    channel: 'beta',
    architecture: 'x86_64',
  } as const
  return {
    run: `run-${day}-${round}-${target}`,
    state: 'finished',
    startedAt: new Date(startedMs).toISOString(),
    durationMs: 600_000,
    command: ['signalbox', 'run'],
    host: {},
    target: { ...identity, name: `target-${target}`, platform: 'qemu', firmware: 'uefi' },
    image: { ...identity, digest: `sha256:${day.toString(16).padStart(64, '0')}` },
    planned: TESTS,
    finished: TESTS,
    missing: [],
    verdicts: {
      passed: count('passed'),
      flaky: count('flaky'),
      warned: 0,
      failed: count('failed'),
      infra: 0,
      skipped: 0,
      missing: 0,
    },
    exitCode: 1,
    tests,
    machines: [],
    notices: [],
  }
}

function testOf(test: number, salt: number): TestSummary {
  const chance = (test * 7919 + salt * 104_729) % 1000
  const fails = chance < 20
  const isFlaky = !fails && test % 10 === 7 && chance < 200
  const attempt = (n: number, passed: boolean): AttemptSummary => {
    const failures = passed ? [] : [failureOf(test)]
    return {
      n,
      outcome: passed ? 'passed' : 'failed',
      startedMs: test * 1000 + n * 100,
      durationMs: 2000 + (chance % 100),
      phases: [],
      failures,
      ...(failures[0] === undefined ? {} : { fingerprint: failures[0].fingerprint }),
      ...(test % 10 === 7 ? { metrics: [{ name: 'boot.ssh', value: 700 + chance, unit: 'ms' }] } : {}),
      machines: [],
      attachments: [],
      commandCount: 0,
      commands: [],
      stepCount: 0,
      steps: [],
    }
  }
  const attempts = isFlaky ? [attempt(1, false), attempt(2, true)] : [attempt(1, !fails)]
  return {
    test: nameOf(test),
    verdict: isFlaky ? 'flaky' : fails ? 'failed' : 'passed',
    durationMs: 2000,
    planned: true,
    expectation: { kind: 'run' },
    tags: [],
    aliases: [],
    attempts,
  }
}
