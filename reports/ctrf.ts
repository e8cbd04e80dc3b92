// CTRF, the Common Test Report Format (https://ctrf.io, specification 0.0): one document for all runs, every attempt in
// it. What the format has no word for (verdicts, fingerprints, metrics, subtests) is in `extra`, so that nothing is lost.

import type { Verdict } from '../harness/model.ts'
import { plainText } from '../harness/hostile-text.ts'
import { causeOf, failureText, mainFailure } from './failure-text.ts'
import { safeJson } from './json.ts'
import {
  type AttemptSummary,
  cellName,
  type RunSummary,
  type Summary,
  type TestSummary,
} from './run-summary.ts'

const SPEC_VERSION = '0.0.0'

type CtrfStatus = 'passed' | 'failed' | 'skipped' | 'pending' | 'other'

/** `other`: nothing was proved. Consumers count it neither as green nor as red; `rawStatus` holds the verdict. */
const statusOf: Readonly<Record<Verdict, CtrfStatus>> = {
  passed: 'passed',
  flaky: 'passed',
  warned: 'other',
  failed: 'failed',
  infra: 'other',
  skipped: 'skipped',
  missing: 'other',
}

const outcomeStatus: Readonly<Record<AttemptSummary['outcome'], CtrfStatus>> = {
  passed: 'passed',
  failed: 'failed',
  skipped: 'skipped',
  infra: 'other',
  harness: 'other',
  unfinished: 'other',
}

/** The document as JSON, two spaces deep, with a final newline. */
export function ctrfText(summary: Summary): string {
  const { runs } = summary
  const tests = runs.flatMap((run) => run.tests.map((test) => testOf(test, run)))
  const count = (status: CtrfStatus): number => tests.filter((test) => test.status === status).length
  const starts = runs.map((run) => startOf(run))
  const start = starts.length === 0 ? 0 : Math.min(...starts)
  const stop = Math.max(start, ...runs.map((run) => startOf(run) + Math.round(run.durationMs)))
  return safeJson({
    reportFormat: 'CTRF',
    specVersion: SPEC_VERSION,
    generatedBy: 'signalbox',
    results: {
      tool: { name: 'signalbox', ...given('version', runs[0]?.toolVersion) },
      summary: {
        tests: tests.length,
        passed: count('passed'),
        failed: count('failed'),
        skipped: count('skipped'),
        pending: count('pending'),
        other: count('other'),
        flaky: summary.verdicts.flaky,
        suites: runs.length,
        start,
        stop,
        duration: stop - start,
        extra: { verdicts: summary.verdicts, exitCode: summary.exitCode },
      },
      tests,
      environment: environmentOf(runs),
      extra: {
        runs: runs.map(
          ({ run, state, target, image, plan, planned, finished, missing, host, osRelease }) => ({
            run,
            state,
            target,
            image,
            plan,
            planned,
            finished,
            missing,
            host,
            osRelease,
          }),
        ),
        notices: summary.notices,
      },
    },
  })
}

/** Of one image: which it is; of several no single one can be named. */
function environmentOf(runs: readonly RunSummary[]): object {
  const [first] = runs
  const image = runs.every((run) => run.image?.digest === first?.image?.digest) ? first?.image : undefined
  const shard = runs.length === 1 ? first?.plan?.shard : undefined
  return {
    ...given('appName', image?.distro),
    ...given('appVersion', image?.version),
    ...given('buildId', image?.buildId),
    ...given('testEnvironment', image?.channel),
    ...given('osRelease', first?.osRelease?.['VERSION_ID']),
    ...given('osVersion', first?.osRelease?.['PRETTY_NAME']),
    ...given('shardId', shard === undefined ? undefined : `${shard.index}/${shard.count}`),
  }
}

interface CtrfTest {
  readonly status: CtrfStatus
  readonly [field: string]: unknown
}

function testOf(test: TestSummary, run: RunSummary): CtrfTest {
  const { verdict, attempts } = test
  const last = attempts.at(-1)
  const isGreen = verdict === 'passed' || verdict === 'flaky'
  const failure = isGreen ? undefined : mainFailure(test)
  const first = attempts[0]
  const began = first === undefined ? undefined : Math.round(startOf(run) + first.startedMs)
  const ended = last === undefined ? undefined : Math.round(startOf(run) + last.startedMs + last.durationMs)
  const place = test.location ?? failure?.location
  return {
    name: test.test === '' ? '(no name)' : test.test,
    status: statusOf[verdict],
    rawStatus: verdict,
    duration: Math.round(test.durationMs),
    ...given('start', began),
    ...given('stop', ended),
    suite: [cellName(run)],
    ...(isGreen ? {} : given('message', causeOf(test) || undefined)),
    ...given('trace', failure === undefined ? undefined : failureText(failure)),
    ...given('snippet', failure?.frame === undefined ? undefined : plainText(failure.frame)),
    ...given('filePath', place?.file),
    ...given('line', place === undefined ? undefined : Math.round(place.line)),
    tags: test.tags,
    labels: labelsOf(run),
    retries: Math.max(0, attempts.length - 1),
    flaky: verdict === 'flaky',
    ...(attempts.length === 0 ? {} : { retryAttempts: attempts.map((attempt) => attemptOf(attempt, run)) }),
    attachments: (last?.attachments ?? []).map(attachmentOf),
    steps: (last?.steps ?? []).map(({ title, error, durationMs, category }) => ({
      name: title,
      status: error !== undefined ? 'failed' : durationMs === null ? 'other' : 'passed',
      extra: { category, durationMs, ...given('error', error) },
    })),
    extra: {
      run: run.run,
      verdict,
      ...given('reason', test.reason),
      ...given('description', test.description),
      ...given('expectation', test.expectation),
      ...given('knownFailure', test.knownFailure),
      ...given('rate', test.rate),
      aliases: test.aliases,
    },
  }
}

function labelsOf(run: RunSummary): object {
  const { target } = run
  return {
    ...given('platform', target?.platform),
    ...given('architecture', target?.architecture),
    ...given('firmware', target?.firmware),
    ...given('channel', target?.channel),
  }
}

function attemptOf(attempt: AttemptSummary, run: RunSummary): object {
  const { n, outcome, failures, durationMs } = attempt
  const main = failures.find(({ soft }) => soft !== true) ?? failures[0]
  const start = Math.round(startOf(run) + attempt.startedMs)
  return {
    attempt: n,
    status: outcomeStatus[outcome],
    duration: Math.round(durationMs),
    start,
    stop: start + Math.round(durationMs),
    ...given('message', main === undefined ? attempt.reason : plainText(main.message)),
    ...given('trace', failures.length === 0 ? undefined : failures.map(failureText).join('\n\n')),
    ...given('line', main?.location === undefined ? undefined : Math.round(main.location.line)),
    attachments: attempt.attachments.map(attachmentOf),
    extra: {
      outcome,
      phases: attempt.phases,
      ...given('fingerprint', attempt.fingerprint),
      fingerprints: failures.map(({ fingerprint }) => fingerprint),
      ...given('metrics', attempt.metrics),
      ...given('audit', attempt.audit),
      ...given('isolated', attempt.isolated),
      ...given('subtests', attempt.subtests),
    },
  }
}

function attachmentOf({
  name,
  contentType,
  path,
  bytes,
  machine,
}: AttemptSummary['attachments'][number]): object {
  return { name, contentType, path, extra: { bytes, ...given('machine', machine) } }
}

function startOf(run: RunSummary): number {
  return Date.parse(run.startedAt)
}

/** The field, where there is a value. */
function given<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [P in K]: V })
}
