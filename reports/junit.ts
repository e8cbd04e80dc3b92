// JUnit XML as CI systems read it: a suite a run, `classname` the target, product failures as `failure`, infrastructure
// and missing tests as `error`. Attempts that did not decide use Surefire's elements: `flakyFailure` where the test
// passed in the end, `rerunFailure` where it did not.

import library, { type Builder, type TestCase, type TestSuite } from 'junit-report-builder'

import { oneLine, plainText } from '../harness/hostile-text.ts'
import type { Failure } from '../harness/model.ts'
import { attemptTitle, causeOf, failureText, lastFailed, mainFailure, placeOf } from './failure-text.ts'
import { endText, evidenceLinesOf } from './run-end.ts'
import {
  judgedAttempts,
  type AttemptSummary,
  type RunSummary,
  type Summary,
  cellName,
  type TestSummary,
} from './run-summary.ts'
import { notesOf } from './test-notes.ts'
import { subtestCount, subtestsOf, subtestText } from './subtest-text.ts'

/** The library's types describe an ES default export; what Node imports is the CommonJS export, the builder itself. */
const builder = library as unknown as Builder

const LONGEST_OUTPUT = 64 * 1024
/** Attempts that get an element each. */
const RERUNS_SHOWN = 20

/** The whole XML text. */
export function junitText(summary: Summary): string {
  const report = builder.newBuilder()
  report.name('signalbox')
  for (const run of summary.runs) {
    const suite = report.testSuite()
    describeSuite(suite, run)
    for (const test of run.tests) describeTest(suite.testCase(), test, run)
    if (run.state === 'aborted') {
      // Otherwise a target that could not be had would be an empty suite, and green.
      const testCase = suite
        .testCase()
        .className(xmlText(cellName(run)))
        .name('the run')
      const evidence = xmlText(evidenceLinesOf(run.abortedBy ?? {}).join('\n'))
      testCase.error(xmlText(endText(run)), xmlText(run.abortedBy?.code ?? 'aborted'), evidence)
    }
  }
  return `${report.build()}\n`
}

function describeSuite(suite: TestSuite, run: RunSummary): void {
  suite.name(xmlText(cellName(run)))
  suite.time(run.durationMs / 1000)
  suite.timestamp(xmlText(run.startedAt.replace(/\.\d+Z$|Z$/, '')))
  const { image, target, host } = run
  const properties: Record<string, string | number | undefined> = {
    'signalbox.run': run.run,
    'signalbox.version': run.toolVersion,
    'signalbox.state': run.state,
    'signalbox.planned': run.planned,
    'signalbox.finished': run.finished,
    'signalbox.missing': run.missing.length === 0 ? undefined : run.missing.join(' '),
    'image.digest': image?.digest,
    'image.distro': image?.distro,
    'image.version': image?.version,
    'image.channel': image?.channel,
    'image.architecture': image?.architecture,
    'image.build-id': image?.buildId,
    'target.platform': target?.platform,
    'target.firmware': target?.firmware,
    'plan.digest': run.plan?.digest,
    ...Object.fromEntries(Object.entries(host).map(([name, value]) => [`host.${name}`, value])),
  }
  for (const [name, value] of Object.entries(properties))
    if (value !== undefined) suite.property(xmlText(name), xmlText(String(value)))
}

function describeTest(testCase: TestCase, test: TestSummary, run: RunSummary): void {
  const place = placeOf(test)
  testCase
    .className(xmlText(cellName(run)))
    .name(xmlText(test.test))
    .time(test.durationMs / 1000)
  if (place !== undefined) testCase.file(xmlText(place.file))
  addSubtests(testCase, test)
  const reruns = judgedAttempts(test)
    .slice(0, -1)
    .filter((attempt) => attempt.outcome !== 'passed')
    .slice(-RERUNS_SHOWN)
  const cause = xmlText(causeOf(test))
  switch (test.verdict) {
    case 'passed':
      break
    case 'flaky':
      addElements(
        testCase,
        reruns.map((attempt) => attemptElement('flaky', attempt)),
      )
      break
    // Known to fail: not green, and nothing to be red for.
    case 'warned':
    case 'skipped':
      testCase.skipped()
      addSkipReason(testCase, cause)
      break
    case 'failed': {
      const failure = mainFailure(test)
      testCase.failure(cause, xmlText(failure?.code ?? 'failed')).stacktrace(detailsOf(test))
      addElements(
        testCase,
        reruns.map((attempt) => attemptElement('rerun', attempt)),
      )
      break
    }
    case 'infra':
    case 'missing':
      testCase.error(cause, xmlText(mainFailure(test)?.code ?? test.verdict), detailsOf(test))
      addElements(
        testCase,
        reruns.map((attempt) => attemptElement('rerun', attempt)),
      )
      break
    default:
      test.verdict satisfies never
  }
  const output = outputOf(test)
  if (output !== '') testCase.standardOutput(output)
}

/** As properties: a test case of its own for each would be counted as a test of the plan. */
function addSubtests(testCase: TestCase, test: TestSummary): void {
  const count = subtestCount(test)
  if (count === 0) return
  testCase.property('subtests', String(count))
  for (const [index, subtest] of subtestsOf(test).entries())
    testCase.property(`subtest.${index + 1}`, xmlText(`${subtest.outcome}: ${subtestText(subtest)}`))
}

/** The failures of the attempt that decided. */
function detailsOf(test: TestSummary): string {
  const attempt = lastFailed(test)
  return attempt === undefined ? xmlText(causeOf(test)) : failuresText(attempt.failures)
}

function failuresText(failures: readonly Failure[]): string {
  return xmlText(failures.map(failureText).join('\n\n').slice(0, LONGEST_OUTPUT))
}

/** What a reader of the CI page wants besides the failure: each attempt, its machines and files. */
function outputOf(test: TestSummary): string {
  const notes = notesOf(test)
  if (test.verdict === 'skipped' || (test.verdict === 'passed' && notes.length === 0)) return ''
  const isWarned = test.verdict === 'warned'
  const attempts = test.attempts.flatMap((attempt) => [
    `${attemptTitle(attempt)}${attempt.machines.length === 0 ? '' : ` on ${attempt.machines.join(', ')}`}`,
    // Nothing else of the test case holds the failures of a warning.
    ...attempt.failures.flatMap((failure) =>
      isWarned ? [failureText(failure)] : (failure.evidence ?? []).map((line) => `| ${line}`),
    ),
    ...attempt.attachments.map((file) => `[[ATTACHMENT|${oneLine(file.path)}]]`),
  ])
  const lines = [...(isWarned ? [`warned: ${causeOf(test)}`] : []), ...notes, ...attempts]
  return xmlText(lines.join('\n').slice(0, LONGEST_OUTPUT))
}

interface ExtraElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly text: string
}

/** `flakyFailure`, `flakyError`, `rerunFailure` or `rerunError`, as Maven Surefire's schema has them. */
function attemptElement(kind: 'flaky' | 'rerun', attempt: AttemptSummary): ExtraElement {
  const suffix = attempt.outcome === 'failed' ? 'Failure' : 'Error'
  const first = attempt.failures[0]
  const message = first === undefined ? (attempt.reason ?? attempt.outcome) : first.message
  return {
    name: `${kind}${suffix}`,
    attributes: {
      message: xmlText(oneLine(message)),
      type: xmlText(first?.code ?? attempt.outcome),
    },
    text: failuresText(attempt.failures),
  }
}

/** The library has no such elements: they are added where it builds the test case. */
function addElements(testCase: TestCase, elements: readonly ExtraElement[]): void {
  const build = testCase.build.bind(testCase)
  testCase.build = (parent) => {
    const element = build(parent)
    for (const { name, attributes, text } of elements) {
      const child = element.ele(name, attributes)
      if (text !== '') child.ele('stackTrace').cdata(text)
    }
    return element
  }
}

/** The library writes `<skipped/>` only: the reason is added where it builds the test case. */
function addSkipReason(testCase: TestCase, reason: string): void {
  const build = testCase.build.bind(testCase)
  testCase.build = (parent) => {
    const element = build(parent)
    const skipped = element.children.find((child) => 'name' in child && child.name === 'skipped')
    if (skipped !== undefined && 'att' in skipped) skipped.att('message', reason)
    return element
  }
}

/**
 * Safe text without what XML 1.0 cannot hold at all; escaping is the library's, but of several `]]>` in one CDATA section
 * it escapes the first only.
 */
function xmlText(text: string): string {
  return plainText(text)
    .replaceAll(/[\uFFFE\uFFFF]/g, '')
    .replaceAll(']]>', ']] >')
}
