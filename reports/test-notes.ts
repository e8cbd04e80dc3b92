// What is worth saying of a test besides its verdict and its cause, as short sentences: how often it passed, what became of
// it alone, what is known of it. Every report shows them.

import { passRateText } from './pass-rate.ts'
import { judgedAttempts, type AttemptSummary, type TestSummary } from './run-summary.ts'

/** The sentences; texts in them are as they came, so hostile. */
export function notesOf(test: TestSummary): readonly string[] {
  return [...rateNotes(test), ...isolatedNotes(test), ...reasonNotes(test)]
}

function rateNotes({ rate, repeat, attempts }: TestSummary): readonly string[] {
  if (repeat === undefined || rate === undefined) return []
  const nothing = judgedAttempts({ attempts }).filter(
    ({ outcome }) => outcome === 'infra' || outcome === 'harness',
  ).length
  return [`${passRateText(rate)}${nothing === 0 ? '' : `; ${nothing} more came to nothing (infra)`}`]
}

function isolatedNotes(test: TestSummary): readonly string[] {
  const judged = judgedAttempts(test)
  const isolated = judged.filter((attempt) => attempt.isolated !== undefined)
  const last = isolated.findLast(({ outcome }) => outcome === 'passed' || outcome === 'failed')
  if (isolated.length === 0) return []
  if (last === undefined) return ['could not be tried alone']
  const noise = last.isolated?.quiet === false ? ', though the host was not quiet' : ''
  if (last.outcome === 'failed') return [`failed alone too${noise}`]
  const beside = mostBeside(judged.filter((attempt) => attempt.isolated === undefined))
  const others = `beside ${beside} other job${beside === 1 ? '' : 's'}`
  return [`passed alone${noise}, failed ${beside === 0 ? 'before' : `under load (${others})`}`]
}

function mostBeside(attempts: readonly AttemptSummary[]): number {
  return attempts
    .filter(({ outcome }) => outcome === 'failed')
    .reduce((most, { beside = 0 }) => Math.max(most, beside), 0)
}

/** Why a verdict was made before all was done. */
function reasonNotes({ verdict, reason, attempts, knownFailure }: TestSummary): readonly string[] {
  const said = verdict === 'failed' || verdict === 'flaky'
  return said && reason !== undefined && knownFailure === undefined && attempts.length > 0 ? [reason] : []
}
