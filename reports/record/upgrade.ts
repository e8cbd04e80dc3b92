// Records of older versions in today's shape. Version 1 (a number, `schemaVersion`) had no fingerprints, and did not say
// of a test what the plan expected.

import type { Failure, PlannedTest } from '../../harness/model.ts'
import { type AttemptSummary, RUN_SCHEMA, type RunSummary, type TestSummary } from '../run-summary.ts'
import { mainFingerprint, withFingerprint } from './fingerprint.ts'

type Attempt1 = Omit<AttemptSummary, 'failures' | 'fingerprint'> & { readonly failures: readonly Failure[] }
type Test1 = Omit<TestSummary, 'attempts' | 'expectation'> & { readonly attempts: readonly Attempt1[] }
type Run1 = Omit<RunSummary, 'tests'> & { readonly tests: readonly Test1[] }

/** Brings a record of `version` to today's; what is not as it must be stays, and is found by who checks the result. */
export function upgradeRecord(value: unknown, version: number): unknown {
  if (version !== 1) return value
  const { schemaVersion: _, ...rest } = value as { readonly schemaVersion: number; readonly runs?: unknown }
  if (!Array.isArray(rest.runs)) return { schema: RUN_SCHEMA, ...rest }
  try {
    return { schema: RUN_SCHEMA, ...rest, runs: (rest.runs as readonly Run1[]).map(upgradeRun) }
  } catch {
    return { schema: RUN_SCHEMA, ...rest }
  }
}

function upgradeRun(run: Run1): RunSummary {
  return { ...run, tests: run.tests.map(upgradeTest) }
}

function upgradeTest(test: Test1): TestSummary {
  return {
    ...test,
    ...(test.planned ? { expectation: expectationOf(test) } : {}),
    attempts: test.attempts.map(upgradeAttempt),
  }
}

/** What was never tried although it was planned, and is called skipped, was planned to be skipped. */
function expectationOf({ verdict, reason, attempts }: Test1): PlannedTest['expectation'] {
  return verdict === 'skipped' && attempts.length === 0
    ? { kind: 'skip', reason: reason ?? '' }
    : { kind: 'run' }
}

function upgradeAttempt(attempt: Attempt1): AttemptSummary {
  const failures = attempt.failures.map(withFingerprint)
  const fingerprint = mainFingerprint(failures)
  return { ...attempt, failures, ...(fingerprint === undefined ? {} : { fingerprint }) }
}
