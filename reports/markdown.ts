// The Markdown job summary (GitHub): completeness first, a table of verdicts, each failure in a details block. Guest text
// stands in fences that it cannot close, or escaped so that neither Markdown nor HTML in it means anything.

import { formatSeconds } from '../harness/deadline.ts'
import { oneLine } from '../harness/hostile-text.ts'
import type { Verdict } from '../harness/model.ts'
import { verdictOrder } from '../harness/verdict.ts'
import { attemptTitle, causeOf, failureText, isUnharmed, placeOf, sameFailures } from './failure-text.ts'
import { codeSpan, escapeHtml, fenced, markdownLine, signs } from './markdown-text.ts'
import { matrixText } from './markdown-matrix.ts'
import { endText, evidenceLinesOf } from './run-end.ts'
import {
  audits,
  judgedAttempts,
  type RunSummary,
  type Summary,
  cellName,
  type TestSummary,
} from './run-summary.ts'
import { notesOf } from './test-notes.ts'
import { failedSubtests } from './subtest-text.ts'

/** GitHub refuses a step summary over 1 MiB; the rest of the budget is for other steps' text. */
const LONGEST_SUMMARY = 900 * 1024
const ROWS_SHOWN = 500
const DETAILS_SHOWN = 50
const ATTEMPTS_SHOWN = 10

/** The whole Markdown text, at most 900 KiB. */
export function markdownText(summary: Summary): string {
  const head = [
    `## Signalbox: ${headline(summary)}`,
    '',
    `${summary.planned} planned, ${summary.finished} finished, in ${formatSeconds(summary.durationMs)}.`,
    ...missingLines(summary),
    ...matrixText(summary),
    ...summary.notices.map((notice) => `\n> ${markdownLine(notice.message)}`),
  ]
  const parts = summary.runs.flatMap((run) => [...runHead(run), ...runTable(run), ...runDetails(run)])
  let length = Buffer.byteLength(head.join('\n'))
  const kept = parts.filter((part) => (length += Buffer.byteLength(part) + 1) <= LONGEST_SUMMARY)
  if (kept.length < parts.length) kept.push('', 'The summary is cut here; the reports hold all of it.')
  return `${[...head, ...kept].join('\n')}\n`
}

function headline(summary: Summary): string {
  const counts = verdictOrder
    .filter((verdict) => summary.verdicts[verdict] > 0)
    .map((verdict) => `${summary.verdicts[verdict]} ${verdict}`)
  return counts.length === 0 ? 'no verdicts' : counts.join(', ')
}

function missingLines(summary: Summary): readonly string[] {
  if (summary.missing.length === 0) return []
  const names = summary.missing.slice(0, 100).map(({ test }) => codeSpan(test))
  const more = summary.missing.length - names.length
  return ['', `**Missing** (never finished): ${names.join(', ')}${more > 0 ? `, and ${more} more` : ''}.`]
}

function runHead(run: RunSummary): readonly string[] {
  const { image } = run
  const state =
    run.state === 'interrupted'
      ? `**Interrupted** by ${markdownLine(run.interruptedBy ?? 'a signal')}. `
      : run.state === 'incomplete'
        ? '**The run has no end**: it was killed, or is still running. '
        : run.state === 'aborted'
          ? `**The run** ${markdownLine(endText(run))} `
          : ''
  const about =
    image === undefined
      ? ''
      : `${markdownLine(`${image.distro} ${image.version} (${image.channel}, ${image.architecture})`)}, ${codeSpan(image.digest)}, `
  return [
    '',
    `### ${markdownLine(cellName(run))}`,
    '',
    `${state}${about}run ${codeSpan(run.run)}`,
    ...evidenceOf(run),
    ...run.notices.map((notice) => `\n> ${markdownLine(notice.message)}`),
  ]
}

function evidenceOf({ abortedBy }: RunSummary): readonly string[] {
  const lines = evidenceLinesOf(abortedBy ?? {})
  return lines.length === 0 ? [] : ['', fenced(lines.join('\n'))]
}

/** What is not green comes first, so that a cut table has cut green rows. */
function runTable(run: RunSummary): readonly string[] {
  const rank: readonly Verdict[] = ['failed', 'missing', 'infra', 'flaky', 'warned', 'passed', 'skipped']
  const tests = run.tests.toSorted((a, b) => rank.indexOf(a.verdict) - rank.indexOf(b.verdict))
  const left = tests.length - ROWS_SHOWN
  return [
    '',
    '| | Test | Verdict | Time | Attempts | Cause |\n| --- | --- | --- | ---: | ---: | --- |',
    ...tests.slice(0, ROWS_SHOWN).map(tableRow),
    ...(left > 0 ? ['', `and ${left} more tests.`] : []),
  ]
}

function tableRow(test: TestSummary): string {
  const time = test.attempts.length === 0 ? '' : formatSeconds(test.durationMs)
  const confirmed = audits(test).length === 0 ? '' : ' + audit'
  const attempts = test.attempts.length === 0 ? '' : `${judgedAttempts(test).length}${confirmed}`
  const notes = notesOf(test)
  const hasCause = test.verdict !== 'passed' || (notes.length === 0 && !isUnharmed(test))
  const cause = [...notes, ...(hasCause ? [causeOf(test, 160)] : [])].filter((text) => text !== '').join('; ')
  return `| ${signs[test.verdict]} | ${codeSpan(test.test)} | ${test.verdict} | ${time} | ${attempts} | ${markdownLine(cause)} |`
}

function runDetails(run: RunSummary): readonly string[] {
  const tests = run.tests.filter((test) =>
    test.verdict === 'passed'
      ? !isUnharmed(test)
      : test.attempts.some((attempt) => attempt.failures.length > 0),
  )
  const left = tests.length - DETAILS_SHOWN
  return [
    ...tests.slice(0, DETAILS_SHOWN).map(details),
    ...(left > 0 ? ['', `Details of ${left} more tests are in the reports.`] : []),
  ]
}

function details(test: TestSummary): string {
  const place = placeOf(test)
  const where = place === undefined ? '' : ` ${place.file}:${place.line}`
  const failed = test.attempts.filter((attempt) => attempt.failures.length > 0)
  const left = failed.length - ATTEMPTS_SHOWN
  const attempts = failed.slice(0, ATTEMPTS_SHOWN).flatMap((attempt, index) => {
    const same = failed.slice(0, index).find((other) => sameFailures(other, attempt))
    const failures = attempt.failures.map(failureText).join('\n\n')
    return [
      '',
      `${attemptTitle(attempt)} (${formatSeconds(attempt.durationMs)})`,
      '',
      same === undefined ? fenced(failures.slice(0, 16 * 1024)) : `the same as attempt ${same.n}`,
      ...failedSubtests({ attempts: [attempt] }, 20).map((text) => `\n- ${markdownLine(text)}`),
      ...attempt.attachments.slice(0, 20).map((file) => `\n- ${codeSpan(file.path)}`),
    ]
  })
  return [
    '',
    `<details><summary>${signs[test.verdict]} ${escapeHtml(oneLine(`${test.test}${where}`))}: ${escapeHtml(causeOf(test, 160))}</summary>`,
    ...attempts,
    ...(left > 0 ? ['', `and ${left} more attempts that did not pass`] : []),
    '',
    '</details>',
  ].join('\n')
}
