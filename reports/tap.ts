// TAP version 14: one test point a planned test, in the plan's order; what never finished is `not ok`, so a plan is always
// complete. Diagnostics are YAML blocks.

import { stringify } from 'yaml'

import { oneLine } from '../harness/hostile-text.ts'
import type { Failure, KnownFailure } from '../harness/model.ts'
import { causeOf, failureText, mainFailure, placeOf, placeText } from './failure-text.ts'
import { endText } from './run-end.ts'
import { notesOf } from './test-notes.ts'
import { subtestsOf } from './subtest-text.ts'
import { cellName, type RunSummary, type Summary, type TestSummary } from './run-summary.ts'

/** The whole TAP text. Several runs are told apart by their target at the head of each description. */
export function tapText(summary: Summary): string {
  const several = summary.runs.length > 1
  const points = summary.runs.flatMap((run) =>
    run.tests.map((test) => ({
      test,
      name: several ? `${cellName(run)} ${test.test}` : test.test,
    })),
  )
  const aborted = summary.runs.filter((run) => run.state === 'aborted')
  const count = points.length + aborted.length
  const interrupted = summary.runs.find((run) => run.state === 'interrupted')
  const lines = [
    'TAP version 14',
    `1..${count}${count === 0 ? ' # no tests were planned' : ''}`,
    ...points.flatMap(({ test, name }, index) => testPoint(test, name, index + 1)),
    // Otherwise a target that could not be had would be nowhere, and all green.
    ...aborted.map((run, index) => abortedPoint(run, points.length + index + 1)),
    ...headerComments(summary),
    ...(interrupted === undefined
      ? []
      : [`Bail out! interrupted by ${oneLine(interrupted.interruptedBy ?? 'a signal', 40)}`]),
  ]
  return `${lines.join('\n')}\n`
}

function abortedPoint(run: RunSummary, number: number): string {
  return `not ok ${number} - ${escapeDescription(`${oneLine(cellName(run), 80)} ${endText(run)}`)}`
}

function testPoint(test: TestSummary, name: string, number: number): readonly string[] {
  const green = test.verdict === 'passed' || test.verdict === 'flaky' || test.verdict === 'skipped'
  const head = `${green ? 'ok' : 'not ok'} ${number} - ${escapeDescription(oneLine(name))}`
  const inner = subtestPoints(test, name)
  if (test.verdict === 'skipped') return [`${head} # SKIP ${escapeDescription(causeOf(test))}`]
  if (test.verdict === 'warned')
    return [
      ...inner,
      `${head} # TODO ${escapeDescription(oneLine(test.reason ?? 'a known failure'))}`,
      ...diagnostics(test),
    ]
  return test.verdict === 'passed' && notesOf(test).length === 0
    ? [...inner, head]
    : [...inner, head, ...diagnostics(test)]
}

/** TAP 14's subtests: indented, before the point that they belong to. */
function subtestPoints(test: TestSummary, name: string): readonly string[] {
  const subtests = subtestsOf(test)
  if (subtests.length === 0) return []
  const points = subtests.map(({ outcome, name: own, message = '' }, index) => {
    const point = `${outcome === 'failed' || outcome === 'todo' ? 'not ok' : 'ok'} ${index + 1} - ${escapeDescription(oneLine(own))}`
    const why = message === '' ? '' : ` ${escapeDescription(oneLine(message))}`
    if (outcome === 'skipped') return `${point} # SKIP${why}`
    return outcome === 'todo' ? `${point} # TODO${why}` : point
  })
  return [
    `# Subtest: ${escapeDescription(oneLine(name))}`,
    ...points.map((point) => `    ${point}`),
    `    1..${points.length}`,
  ]
}

/** TAP 14: backslash and hash are escaped in a description, or the rest would be read as a directive. */
function escapeDescription(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('#', '\\#')
}

function diagnostics(test: TestSummary): readonly string[] {
  const isPassed = test.verdict === 'passed'
  const main = isPassed ? undefined : mainFailure(test)
  const place = placeOf(test)
  const notes = notesOf(test).map((note) => oneLine(note, 400))
  const { knownFailure: known, rate } = test
  const cause = isPassed ? '' : causeOf(test)
  const block = stringify(
    {
      verdict: test.verdict,
      ...(cause === '' ? {} : { message: cause }),
      ...(notes.length === 0 ? {} : { notes }),
      ...(known === undefined ? {} : { known_failure: knownDetails(known) }),
      ...(rate === undefined ? {} : { rate }),
      ...(place === undefined ? {} : { at: placeText(place) }),
      ...(main === undefined ? {} : { code: oneLine(main.code, 100), phase: main.phase }),
      duration_ms: Math.round(test.durationMs),
      attempts: test.attempts.map((attempt) => ({
        n: attempt.n,
        ...(attempt.audit === true ? { audit: true } : {}),
        ...(attempt.isolated === undefined ? {} : { isolated: attempt.isolated }),
        outcome: attempt.outcome,
        duration_ms: Math.round(attempt.durationMs),
        ...(attempt.failures.length === 0 ? {} : { failures: attempt.failures.map(failureDetails) }),
      })),
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  )
  return [
    '  ---',
    ...block
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`.trimEnd()),
    '  ...',
  ]
}

/** Which entry of which file makes a failure a warning. */
function knownDetails({ mode, reason, tracker, expires, source }: KnownFailure): Record<string, unknown> {
  const texts = { mode, reason, tracker, expires, source }
  return Object.fromEntries(
    Object.entries(texts).flatMap(([name, text]) => (text === undefined ? [] : [[name, oneLine(text, 400)]])),
  )
}

function failureDetails(failure: Failure): Record<string, unknown> {
  return {
    code: oneLine(failure.code, 100),
    kind: failure.kind,
    phase: failure.phase,
    ...(failure.soft === true ? { soft: true } : {}),
    ...(failure.location === undefined ? {} : { at: placeText(failure.location) }),
    details: failureText(failure),
  }
}

function headerComments(summary: Summary): readonly string[] {
  return [
    `# planned ${summary.planned}, finished ${summary.finished}`,
    ...summary.missing.map(({ test }) => `# missing: ${oneLine(test)}`),
    ...summary.runs.flatMap((run) =>
      run.state === 'incomplete'
        ? [`# run ${oneLine(run.run, 80)} has no end: killed, or still running`]
        : [],
    ),
    ...summary.notices.map((notice) => `# ${oneLine(notice.message, 600)}`),
  ]
}
