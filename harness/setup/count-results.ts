// Counts what a CI step came to, for `.ci/run`: out of vitest's JSON report or a run's `run.json`. Prints two numbers,
// passed and failed; a test that is skipped on purpose is neither.

import { readFileSync } from 'node:fs'

/** The part of vitest's JSON report that is read. */
interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

/** The part of `run.json` that is read. */
interface RunReport {
  readonly verdicts: Readonly<Record<string, number>>
}

const report = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as VitestReport | RunReport
const { passed, failed } = 'verdicts' in report ? countRun(report) : countVitest(report)
process.stdout.write(`${passed} ${failed}\n`)

function countVitest({ numPassedTests, numFailedTests, testResults }: VitestReport): Counts {
  // A file that could not be loaded failed as a whole and has no test of its own.
  const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  return { passed: numPassedTests, failed: numFailedTests + broken.length }
}

function countRun({ verdicts }: RunReport): Counts {
  const sum = (...names: readonly string[]): number =>
    names.reduce((total, name) => total + (verdicts[name] ?? 0), 0)
  return { passed: sum('passed', 'flaky'), failed: sum('failed', 'infra', 'missing') }
}

interface Counts {
  readonly passed: number
  readonly failed: number
}
