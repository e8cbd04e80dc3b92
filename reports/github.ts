// GitHub's workflow commands: a line a test that is not green, which the runner shows at its place in the source. GitHub
// shows ten errors and ten warnings of a step: the gravest come first, and one line says how many more there are.

import { oneLine } from '../harness/hostile-text.ts'
import type { Verdict } from '../harness/model.ts'
import { causeOf, failureText, mainFailure, placeOf } from './failure-text.ts'
import { type RunSummary, type Summary, cellName, type TestSummary } from './run-summary.ts'

const SHOWN = 10
const LONGEST_MESSAGE = 4000

/** What is not green, and how grave it is; what is not here says nothing. */
const levels = [
  ['failed', 'error'],
  ['missing', 'error'],
  ['infra', 'warning'],
  ['flaky', 'warning'],
  ['warned', 'notice'],
] as const satisfies readonly (readonly [Verdict, string])[]

type Level = (typeof levels)[number][1]

/** The lines; empty when everything is green. Texts of guests cannot become commands: GitHub decodes after it splits. */
export function githubText(summary: Summary): string {
  const { runs } = summary
  const all = levels.flatMap(([verdict, level]) =>
    runs.flatMap((run) =>
      run.tests
        .filter((test) => test.verdict === verdict)
        .map((test) => ({ level, line: annotation(level, test, run, runs.length > 1) })),
    ),
  )
  const aborts = runs
    .filter(({ state }) => state === 'aborted' || state === 'interrupted')
    .map((run) => ({
      level: 'error' as const,
      line: command('error', { title: `${cellName(run)}: the run was ${run.state}` }, abortText(run)),
    }))
  const lines = (['error', 'warning', 'notice'] as const).flatMap((level) => {
    const of = [...aborts, ...all].filter((each) => each.level === level)
    const left = of.length - SHOWN
    return [
      ...of.slice(0, left > 0 ? SHOWN - 1 : SHOWN).map(({ line }) => line),
      ...(left > 0
        ? [command(level, { title: 'more' }, `${left + 1} more; the reports hold all of them`)]
        : []),
    ]
  })
  return lines.map((line) => `${line}\n`).join('')
}

function annotation(level: Level, test: TestSummary, run: RunSummary, severalRuns: boolean): string {
  const failure = test.verdict === 'flaky' ? undefined : mainFailure(test)
  const place = placeOf(test, failure)
  const title = `${severalRuns ? `${cellName(run)}: ` : ''}${test.test} ${test.verdict}`
  const cause = causeOf(test) || `${test.attempts.length} attempts`
  const text = failure === undefined ? '' : failureText(failure)
  const message =
    text === '' || cause === oneLine(failure?.message ?? '') ? text || cause : `${cause}\n${text}`
  return command(
    level,
    {
      ...(place === undefined
        ? {}
        : { file: place.file, line: String(place.line), col: String(place.column) }),
      title: oneLine(title, 200),
    },
    message.slice(0, LONGEST_MESSAGE).toWellFormed(),
  )
}

function abortText(run: RunSummary): string {
  return oneLine(run.abortedBy?.message ?? `by ${run.interruptedBy ?? 'somebody'}`)
}

/** `::error file=...,line=...,title=...::message`, escaped as actions/toolkit does. */
function command(level: Level, properties: Readonly<Record<string, string>>, message: string): string {
  const list = Object.entries(properties)
    .map(([name, value]) => `${name}=${escapeProperty(oneLine(value, 400))}`)
    .join(',')
  return `::${level} ${list}::${escapeData(message)}`
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('\t', '  ')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
