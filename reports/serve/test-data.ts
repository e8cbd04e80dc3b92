// The pages about tests: all of them with their rates, and how one went day by day.

import {
  fingerprintHistory,
  flakeRank,
  type History,
  lastAttempts,
  type PastAttempt,
  passRate,
  testRates,
  trend,
} from '../history/index.ts'
import { shownLine } from '../html/shown-text.ts'
import type { AttemptRow, Choice, FailureRow, TestsPage, TrendPage } from './data.ts'
import { attemptHref, testHref } from './hrefs.ts'
import { given, intervalOf, timeOf } from './shown-figures.ts'

const DAY_MS = 86_400_000
const MOST_TESTS = 2000
const SPANS = [7, 30, 90, 365]
const ATTEMPTS = 300
const LISTED = 30
const FAILURES = 8

/** All tests that were run in the last `days`. */
export async function testsPage(history: History, days: number, now: number): Promise<TestsPage> {
  const sinceMs = now - days * DAY_MS
  const rates = await testRates(history, sinceMs)
  const ranks = new Map(
    (await flakeRank(history, { sinceMs, limit: rates.length + 1 })).map(({ test }, at) => [test, at + 1]),
  )
  return {
    page: 'tests',
    title: 'Tests',
    days,
    tests: rates.slice(0, MOST_TESTS).map(({ test, rate, durationMs, flaky, failed, infra }) => ({
      name: shownLine(test, 300),
      href: testHref(test),
      ...intervalOf(rate),
      ...given('durationMs', durationMs),
      flaky,
      failed,
      infra,
      ...given('flakeRank', ranks.get(test)),
    })),
    more: Math.max(0, rates.length - MOST_TESTS),
  }
}

export interface TrendQuery {
  readonly test: string
  readonly target: string | undefined
  readonly days: number
}

/** How a test went in the last `days`, on all targets or on one. */
export async function trendPage(
  history: History,
  { test, target, days }: TrendQuery,
  now: number,
): Promise<TrendPage> {
  const sinceMs = now - days * DAY_MS
  const scope = { test, target, sinceMs }
  const attempts = await lastAttempts(history, scope, ATTEMPTS)
  const onAll = target === undefined ? attempts : await lastAttempts(history, { test, sinceMs }, ATTEMPTS)
  const ranks = await flakeRank(history, { sinceMs, target, limit: Number.MAX_SAFE_INTEGER })
  const at = ranks.findIndex((flake) => flake.test === test)
  const own = ranks[at]
  const points = await trend(history, scope)
  return {
    page: 'trend',
    title: shownLine(test, 300),
    test: shownLine(test, 300),
    days,
    spans: SPANS.map((span) => ({
      name: `${span} days`,
      ...(span === days ? {} : { href: testHref(test, { target, since: `${span}d` }) }),
    })),
    targets: targetChoices(onAll, { test, target, days }),
    ...intervalOf(await passRate(history, scope)),
    ...(own === undefined
      ? {}
      : {
          flake: {
            rank: at + 1,
            of: ranks.length,
            flaky: own.flaky,
            judged: own.judged,
            low: own.share.low,
            high: own.share.high,
          },
        }),
    trend: points.map(({ day, rate, durationMs, flaky, failed, infra }) => ({
      day,
      ...intervalOf(rate),
      ...given('durationMs', durationMs),
      flaky,
      failed,
      infra,
    })),
    failures: await failureRows(history, attempts),
    attempts: attempts.slice(0, LISTED).map(attemptRow),
  }
}

/** All targets, and each that it ran on lately; the chosen one has no address. */
function targetChoices(
  recent: readonly PastAttempt[],
  { test, target, days }: TrendQuery,
): readonly Choice[] {
  const names = [...new Set(recent.map((attempt) => attempt.target))].toSorted()
  const since = `${days}d`
  return [
    { name: 'all targets', ...(target === undefined ? {} : { href: testHref(test, { since }) }) },
    ...names.map((name) => ({
      name: shownLine(name, 200),
      ...(name === target ? {} : { href: testHref(test, { target: name, since }) }),
    })),
  ]
}

/** The latest failures, each fingerprint once, with when it was first seen anywhere. */
async function failureRows(
  history: History,
  attempts: readonly PastAttempt[],
): Promise<readonly FailureRow[]> {
  const latest = new Map<string, PastAttempt>()
  for (const attempt of attempts)
    if (attempt.fingerprint !== undefined && !latest.has(attempt.fingerprint))
      latest.set(attempt.fingerprint, attempt)
  const rows: FailureRow[] = []
  for (const [fingerprint, last] of [...latest].slice(0, FAILURES)) {
    const known = await fingerprintHistory(history, fingerprint)
    if (known === undefined) continue
    rows.push({
      fingerprint: shownLine(fingerprint, 60),
      message: shownLine(last.message ?? known.message),
      count: known.count,
      first: timeOf(known.first.atMs),
      firstVersion: shownLine(known.first.version ?? 'unknown version', 100),
      last: timeOf(last.atMs),
      href: attemptHref(last),
    })
  }
  return rows
}

function attemptRow(attempt: PastAttempt): AttemptRow {
  const { outcome, atMs, target, image, n, durationMs, fingerprint, message } = attempt
  return {
    outcome,
    href: attemptHref(attempt),
    at: timeOf(atMs),
    target: shownLine(target, 200),
    version: shownLine(image?.version ?? '', 100),
    n,
    durationMs,
    ...given('fingerprint', fingerprint),
    ...(message === undefined ? {} : { message: shownLine(message, 300) }),
  }
}
