// Failures as plain, safe, bounded lines: what the terminal, Markdown, JUnit and TAP have to say in common.

import { oneLine, plainText, tailText } from '../harness/hostile-text.ts'
import type { Failure, SourceLocation } from '../harness/model.ts'
import { isForkFault } from '../harness/verdict.ts'
import { audits, isFixed, judgedAttempts, type AttemptSummary, type TestSummary } from './run-summary.ts'

const LONGEST_LINE = 500
const LONGEST_TEXT = 256 * 1024
const MESSAGE_LINES = 40
const EVIDENCE_LINES = 60
const STACK_LINES = 8

/** The failure a reader should see first: the last attempt's first hard one, else the first there is; audits come last. */
export function mainFailure(test: TestSummary): Failure | undefined {
  const failures = lastFailed(test)?.failures ?? []
  return failures.find((failure) => failure.soft !== true) ?? failures[0]
}

/** The attempt that decided: the last one with failures. */
export function lastFailed(test: TestSummary): AttemptSummary | undefined {
  if (isFixed(test)) return undefined
  const hasFailures = ({ failures }: AttemptSummary): boolean => failures.length > 0
  const judged = judgedAttempts(test).filter(hasFailures)
  // A fault of the platform after a failure has decided nothing.
  const last = judged.findLast(({ outcome }) => outcome === 'failed') ?? judged.at(-1)
  return last ?? audits(test).findLast(hasFailures)
}

/** Whether nothing ever went wrong but forks, which a notice of the run says already. */
export function isUnharmed(test: TestSummary): boolean {
  return test.attempts.every(({ failures }) => failures.every(({ code }) => isForkFault(code)))
}

/** The cause of a test that is not green, in one safe line; empty for a green one. */
export function causeOf(test: TestSummary, max = 300): string {
  const failure = mainFailure(test)
  if (test.verdict === 'missing') {
    const cause = failure === undefined ? '' : `; before: ${oneLine(failure.message, max)}`
    return oneLine(`${test.reason ?? 'never finished'}${cause}`, max)
  }
  if (test.verdict === 'skipped') return oneLine(test.reason ?? 'no reason given', max)
  if (test.verdict === 'warned') {
    const what = failure === undefined ? '' : `; it failed: ${oneLine(failure.message, max)}`
    return oneLine(`${test.reason ?? 'a known failure'}${what}`, max)
  }
  // Forks and cold boots disagree: no failure of one attempt says that.
  if (test.verdict === 'infra' && test.reason !== undefined) return oneLine(test.reason, max)
  if (failure !== undefined) return oneLine(failure.message, max)
  return oneLine(test.reason ?? lastReason(test) ?? '', max)
}

function lastReason(test: TestSummary): string | undefined {
  return test.attempts.findLast((attempt) => attempt.reason !== undefined)?.reason
}

/** `file:line:column`, safe. */
export function placeText(location: SourceLocation): string {
  return `${oneLine(location.file)}:${location.line}:${location.column}`
}

/** Where to look: the failure's own place, else where the test stands. */
export function placeOf(test: TestSummary, failure = mainFailure(test)): SourceLocation | undefined {
  return failure?.location ?? test.location
}

/** `body, expect.toHaveFile, machine m1, soft`: the circumstances of a failure. */
export function circumstances(failure: Failure): string {
  const parts = [failure.phase, oneLine(failure.code, 100)]
  if (failure.machine !== undefined) parts.push(`machine ${oneLine(failure.machine, 100)}`)
  if (failure.soft === true) parts.push('soft')
  return parts.join(', ')
}

/** Safe lines, each cut, at most `max` of them: the first ones, or the last ones, with a word about the rest. */
export function boundedLines(text: string, max: number, keep: 'first' | 'last' = 'first'): readonly string[] {
  const bounded = keep === 'first' ? text : tailText(text, LONGEST_TEXT)
  const lines = plainText(bounded).replaceAll('\t', '  ').split('\n')
  while (lines.length > 0 && lines.at(-1)?.trim() === '') lines.pop()
  if (lines.length <= max) return lines.map(cutLine)
  const left = lines.length - max
  return keep === 'first'
    ? [...lines.slice(0, max).map(cutLine), `… ${left} more lines`]
    : [`… ${left} lines before`, ...lines.slice(-max).map(cutLine)]
}

function cutLine(line: string): string {
  return line.length <= LONGEST_LINE ? line.trimEnd() : `${line.slice(0, LONGEST_LINE).toWellFormed()}…`
}

export function messageLines(failure: Failure): readonly string[] {
  return boundedLines(failure.message, MESSAGE_LINES)
}

export function frameLines(failure: Failure): readonly string[] {
  return failure.frame === undefined ? [] : boundedLines(failure.frame, MESSAGE_LINES)
}

/** A stack only where there is nothing better: an error without a code frame. */
export function stackLines(failure: Failure): readonly string[] {
  if (failure.stack === undefined || failure.frame !== undefined || failure.kind !== 'error') return []
  return boundedLines(failure.stack, STACK_LINES).filter((line) => line.trimStart().startsWith('at '))
}

export function evidenceLines(failure: Failure): readonly string[] {
  return boundedLines((failure.evidence ?? []).join('\n'), EVIDENCE_LINES, 'last')
}

/** Everything about one failure as plain text, for reports that have one field for it. */
export function failureText(failure: Failure): string {
  const { hint, location } = failure
  return [
    ...messageLines(failure),
    `(${circumstances(failure)})`,
    ...(location === undefined ? [] : [`at ${placeText(location)}`]),
    ...(hint === undefined ? [] : [`hint: ${oneLine(hint)}`]),
    ...frameLines(failure),
    ...stackLines(failure),
    ...evidenceLines(failure).map((line) => `| ${line}`),
  ].join('\n')
}

/** `attempt 2: infra in acquire`, `attempt 2 (cold boot, to confirm a fork): passed`. */
export function attemptTitle(attempt: AttemptSummary): string {
  const phase = attempt.phases.findLast((item) => item.ok !== true)?.phase ?? attempt.failures[0]?.phase
  const where = phase === undefined || attempt.outcome === 'passed' ? '' : ` in ${phase}`
  const audit = attempt.audit === true ? ' (cold boot, to confirm a fork)' : ''
  const alone = attempt.isolated === undefined ? '' : ' (alone)'
  return `attempt ${attempt.n}${audit}${alone}: ${attempt.outcome}${where}`
}

/** Whether two attempts failed for the same reasons; their times and their evidence may differ. */
export function sameFailures(a: AttemptSummary, b: AttemptSummary): boolean {
  return (
    a.failures.length === b.failures.length &&
    a.failures.every((failure, index) => {
      const other = b.failures[index]
      return (
        other !== undefined &&
        failure.code === other.code &&
        untimed(failure.message) === untimed(other.message)
      )
    })
  )
}

/** Without the times that differ from attempt to attempt. */
function untimed(message: string): string {
  return message.replaceAll(/\d+(?:\.\d+)? s\b/g, '')
}
