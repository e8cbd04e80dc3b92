// The end of the terminal list: every test that is not green with what a person wants to see first, what never finished,
// and the counts. The first line of a failure names the test, the place and the cause.

import { formatSeconds } from '../harness/deadline.ts'
import { oneLine } from '../harness/hostile-text.ts'
import type { Failure, Verdict } from '../harness/model.ts'
import { verdictOrder } from '../harness/verdict.ts'
import {
  attemptTitle,
  causeOf,
  circumstances,
  evidenceLines,
  frameLines,
  mainFailure,
  messageLines,
  placeOf,
  placeText,
  sameFailures,
  stackLines,
} from './failure-text.ts'
import { matrixLines } from './list-matrix.ts'
import { noticeLine, plural, verdictPaint } from './list-lines.ts'
import { endText } from './run-end.ts'
import { notesOf } from './test-notes.ts'
import {
  type AttemptSummary,
  cellName,
  type RunSummary,
  type Summary,
  type TestSummary,
} from './run-summary.ts'
import type { Look } from './terminal.ts'

const INDENT = '     '
const TESTS_SHOWN = 100
const NAMES_SHOWN = 30
const KINDS_SHOWN = 5

/** The whole end: failures, missing tests, counts. */
export function summaryLines(summary: Summary, look: Look): readonly string[] {
  return [...notGreenLines(summary, look), '', ...matrixLines(summary, look), ...countLines(summary, look)]
}

function notGreenLines(summary: Summary, look: Look): readonly string[] {
  const several = summary.runs.length > 1
  const order: readonly Verdict[] = ['warned', 'flaky', 'infra', 'missing', 'failed']
  const tests = summary.runs
    .flatMap((run) => run.tests.map((test) => ({ test, target: several ? cellName(run) : '' })))
    .filter(({ test }) => test.verdict === 'failed' || (order.includes(test.verdict) && mainFailure(test)))
    .toSorted((a, b) => order.indexOf(a.test.verdict) - order.indexOf(b.test.verdict))
  // The failures come last, nearest to the prompt; when there are too many, the others go first.
  const shown = tests.slice(-TESTS_SHOWN)
  const left = tests.length - shown.length
  return [
    ...(left === 0 ? [] : ['', look.colors.dim(`  ${left} more tests that are not green: see the reports`)]),
    ...shown.flatMap(({ test, target }, index) => ['', ...testBlock(test, index + 1, target, look)]),
  ]
}

function testBlock(test: TestSummary, number: number, target: string, look: Look): readonly string[] {
  const { colors } = look
  const paint = verdictPaint(colors, test.verdict)
  const place = placeOf(test)
  const head = [
    `${target === '' ? '' : `[${oneLine(target, 80)}] `}${oneLine(test.test, 200)}`,
    ...(place === undefined ? [] : [placeText(place)]),
    ...(test.verdict === 'failed' ? [] : [test.verdict]),
  ]
  const notes = notesOf(test).map((note) => INDENT + oneLine(note, 400))
  const withFailures = test.attempts.filter((attempt) => attempt.failures.length > 0)
  const titled = test.attempts.length > 1
  return [
    `  ${paint(colors.bold(`${number}) ${head.join('  ')}`))}  ${headCause(test)}`,
    ...notes,
    ...(test.repeat === undefined
      ? withFailures.flatMap((attempt, index) =>
          attemptBlock(attempt, withFailures.slice(0, index), { titled, main: mainFailure(test) }, look),
        )
      : repetitionBlocks(withFailures, mainFailure(test), look)),
  ]
}

/** Each different failure once, with the numbers of the attempts that it ended. */
function repetitionBlocks(
  attempts: readonly AttemptSummary[],
  main: Failure | undefined,
  look: Look,
): readonly string[] {
  const kinds: { readonly first: AttemptSummary; readonly more: number[] }[] = []
  for (const attempt of attempts) {
    const kind = kinds.find(({ first }) => sameFailures(first, attempt))
    if (kind === undefined) kinds.push({ first: attempt, more: [] })
    else kind.more.push(attempt.n)
  }
  const left = kinds.length - KINDS_SHOWN
  return [
    ...kinds
      .slice(0, KINDS_SHOWN)
      .flatMap(({ first, more }) => [
        ...attemptBlock(first, [], { titled: true, main }, look),
        ...(more.length === 0
          ? []
          : ['', `${INDENT}the same in ${plural(more.length, 'more attempt')}: ${someOf(more)}`]),
      ]),
    ...(left > 0 ? ['', look.colors.dim(`${INDENT}${left} more kinds of failures: see the reports`)] : []),
  ]
}

function someOf(numbers: readonly number[]): string {
  const more = numbers.length - NAMES_SHOWN
  return `${numbers.slice(0, NAMES_SHOWN).join(', ')}${more > 0 ? `, and ${more} more` : ''}`
}

/** The cause's first line; the block below has the rest. */
function headCause(test: TestSummary): string {
  const hasOwnReason =
    test.verdict === 'missing' ||
    test.verdict === 'warned' ||
    (test.verdict === 'infra' && test.reason !== undefined)
  const failure = hasOwnReason ? undefined : mainFailure(test)
  const first = failure === undefined ? undefined : messageLines(failure).find((line) => line.trim() !== '')
  return first === undefined ? causeOf(test) : oneLine(first)
}

function attemptBlock(
  attempt: AttemptSummary,
  before: readonly AttemptSummary[],
  { titled, main }: { readonly titled: boolean; readonly main: Failure | undefined },
  look: Look,
): readonly string[] {
  const { colors, symbols } = look
  const title = titled
    ? ['', INDENT + colors.bold(`${attemptTitle(attempt)} (${formatSeconds(attempt.durationMs)})`)]
    : []
  const same = before.find((other) => sameFailures(other, attempt))
  if (same !== undefined) return [...title, `${INDENT}the same as attempt ${same.n}`]
  const files = attempt.attachments.slice(0, 10).map((file) => oneLine(file.path))
  return [
    ...title,
    ...attempt.failures.flatMap((failure) => failureBlock(failure, failure === main, look)),
    ...(files.length === 0
      ? []
      : ['', ...files.map((file) => INDENT + colors.dim(`${symbols.notice} ${file}`))]),
  ]
}

function failureBlock(failure: Failure, isMain: boolean, look: Look): readonly string[] {
  const { colors, symbols } = look
  const message = messageLines(failure)
  const frame = [...frameLines(failure), ...stackLines(failure)].map(colors.dim)
  const evidence = evidenceLines(failure).map((line) => `${colors.dim(symbols.bar)} ${line}`)
  const inHead = isMain && message.length <= 1 && failure.message.length < 300
  return [
    ...(inHead ? [] : ['', ...indented(message)]),
    ...indented([colors.dim(circumstances(failure))]),
    ...(failure.hint === undefined ? [] : indented([`hint: ${oneLine(failure.hint)}`])),
    ...(frame.length === 0 ? [] : ['', ...indented(frame)]),
    ...(evidence.length === 0 ? [] : ['', ...indented(evidence)]),
  ]
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => INDENT + line)
}

/** Counts by verdict, completeness, and how the runs ended. */
export function countLines(summary: Summary, look: Look): readonly string[] {
  const { colors, symbols } = look
  const counts = verdictOrder
    .filter((verdict) => summary.verdicts[verdict] > 0)
    .map((verdict) => verdictPaint(colors, verdict)(`${summary.verdicts[verdict]} ${verdict}`))
  const planned = `${plural(summary.planned, 'test')} planned, ${summary.finished} finished`
  return [
    ...(counts.length === 0 ? [] : [`  ${colors.bold(counts.join(colors.dim(` ${symbols.dot} `)))}`]),
    colors.dim(`  ${planned}, in ${formatSeconds(summary.durationMs)}`),
    ...missingLines(summary, look),
    ...summary.runs.flatMap((run) => {
      if (run.state === 'finished') return []
      return [`  ${colors.red(`${runName(run, summary)} ${endText(run)}`)}`]
    }),
    ...summary.notices.map((notice) => noticeLine(notice, look)),
  ]
}

function runName(run: RunSummary, { runs }: Summary): string {
  if (runs.length === 1) return 'the run'
  return run.targetName === undefined ? `run ${oneLine(run.run, 80)}` : oneLine(run.targetName, 80)
}

function missingLines(summary: Summary, look: Look): readonly string[] {
  const { missing } = summary
  if (missing.length === 0) return []
  const several = summary.runs.length > 1
  const names = missing
    .slice(0, NAMES_SHOWN)
    .map(({ test, target }) => oneLine(several ? `${target} ${test}` : test, 200))
  const more = missing.length > NAMES_SHOWN ? `, and ${missing.length - NAMES_SHOWN} more` : ''
  return [`  ${look.colors.red('missing')} (never finished): ${names.join(', ')}${more}`]
}
