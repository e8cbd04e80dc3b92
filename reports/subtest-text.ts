// The subtests of a test as each report shows them: safe, bounded, the failed ones where there is little room.

import { oneLine } from '../harness/hostile-text.ts'
import { judgedAttempts, type SubtestSummary, type TestSummary } from './run-summary.ts'

const LONGEST_NAME = 200
const LONGEST_MESSAGE = 300

/** The subtests of the attempt that decided, in order; none when the test has none. */
export function subtestsOf(test: Pick<TestSummary, 'attempts'>): readonly SubtestSummary[] {
  return judgedAttempts(test).at(-1)?.subtests ?? []
}

/** How many there were, those that are not kept included. */
export function subtestCount(test: Pick<TestSummary, 'attempts'>): number {
  return judgedAttempts(test).at(-1)?.subtestCount ?? 0
}

/** `name: why`, one safe line. */
export function subtestText({ name, message }: SubtestSummary): string {
  const why = message === undefined || message === '' ? '' : `: ${oneLine(message, LONGEST_MESSAGE)}`
  return `${oneLine(name, LONGEST_NAME)}${why}`
}

/** The failed ones as safe lines, at most `max`, with a word about the rest. */
export function failedSubtests(test: Pick<TestSummary, 'attempts'>, max: number): readonly string[] {
  const failed = subtestsOf(test).filter(({ outcome }) => outcome === 'failed')
  const more = failed.length - max
  return [...failed.slice(0, max).map(subtestText), ...(more > 0 ? [`and ${more} more failed subtests`] : [])]
}
