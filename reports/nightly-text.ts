// The Markdown summary of a nightly: what has changed since the one before, then the summary of its run.

import { formatSeconds } from '../harness/deadline.ts'
import { causeOf } from './failure-text.ts'
import { codeSpan, markdownLine } from './markdown-text.ts'
import { markdownText } from './markdown.ts'
import type { NightlyComparison, Slower } from './history/queries/compare-nightlies.ts'
import { type Summary, targetName } from './run-summary.ts'

const ROWS_SHOWN = 100

export interface NightlyReport {
  /** Undefined: there was nothing to run. */
  readonly summary: Summary | undefined
  readonly exitCode: number
  /** The one that it is compared with; undefined: none of this config has ended before, or the history cannot be asked. */
  readonly before: { readonly run: string; readonly atMs: number } | undefined
  readonly comparison: NightlyComparison | undefined
  readonly slower: readonly Slower[]
  /** What a reader should know first: that the last one did not end, that the history cannot be asked. */
  readonly notices: readonly string[]
}

/** The whole text. */
export function nightlyText(report: NightlyReport): string {
  const { summary, exitCode, before, comparison, slower, notices } = report
  return [
    `# Nightly: ${headline(report)}`,
    '',
    `Exit code ${exitCode}. ${before === undefined ? 'There is no earlier nightly of this config to compare with.' : `Compared with that of ${timeText(before.atMs)} (run ${codeSpan(before.run)}).`}`,
    ...notices.map((notice) => `\n> ${markdownLine(notice)}`),
    ...(comparison === undefined ? [] : changes(comparison, summary)),
    ...slowerTable(slower),
    '',
    summary === undefined ? '' : markdownText(summary),
  ].join('\n')
}

/** `2 new failures, 1 fixed, 12 still failing`. */
function headline({ comparison, slower, summary, exitCode }: NightlyReport): string {
  if (summary === undefined) return 'nothing to run'
  if (comparison === undefined) return exitCode === 0 ? 'green' : `exit code ${exitCode}`
  const counts = (
    [
      [comparison.newlyRed.length + comparison.redAndNew.length, 'new failure'],
      [comparison.newlyFlaky.length, 'new flake'],
      [comparison.mended.length, 'fixed'],
      [comparison.stillRed.length, 'still failing'],
      [slower.length, 'slower'],
    ] as const
  ).flatMap(([count, what]) => {
    if (count === 0) return []
    return [`${count} ${what}${count > 1 && what.startsWith('new ') ? 's' : ''}`]
  })
  return counts.length === 0 ? 'nothing has changed' : counts.join(', ')
}

interface Changed {
  readonly test: string
  readonly target: string
}

function changes(comparison: NightlyComparison, summary: Summary | undefined): readonly string[] {
  const { newlyRed, redAndNew, stillRed, mended, newlyFlaky, newlyInfra, unjudged } = comparison
  const infra = new Set(newlyInfra.map(({ test, target }) => `${target}\n${test}`))
  // What has no verdict for a trouble of the platform is named once.
  const gone = unjudged.filter(
    ({ test, target }) => !infra.has(`${target}\n${test}`) && !comparison.lostTargets.includes(target),
  )
  const causes = causesOf(summary)
  return [
    ...table('New failures', newlyRed, causes),
    ...table('Failures of tests that were not judged before', redAndNew, causes),
    ...table('New flakes', newlyFlaky, causes),
    ...table('Not judged for trouble of the platform', newlyInfra, causes),
    ...table('Fixed', mended),
    ...table('Not judged any more', gone, causes),
    ...table('Still failing', stillRed, causes),
    ...targets('Targets that are gone', comparison.lostTargets),
    ...targets('Targets that are new', comparison.newTargets),
  ]
}

function table(
  title: string,
  cells: readonly Changed[],
  causes?: ReadonlyMap<string, string>,
): readonly string[] {
  if (cells.length === 0) return []
  const left = cells.length - ROWS_SHOWN
  const has = causes !== undefined
  return [
    '',
    `## ${title}`,
    '',
    `| Test | Target |${has ? ' Cause |' : ''}`,
    `| --- | --- |${has ? ' --- |' : ''}`,
    ...cells.slice(0, ROWS_SHOWN).map(({ test, target }) => {
      const cause = has ? ` ${markdownLine(causes.get(`${target}\n${test}`) ?? '')} |` : ''
      return `| ${codeSpan(test)} | ${codeSpan(target)} |${cause}`
    }),
    ...(left > 0 ? ['', `and ${left} more.`] : []),
  ]
}

function targets(title: string, names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : ['', `**${title}**: ${names.map(codeSpan).join(', ')}.`]
}

function slowerTable(slower: readonly Slower[]): readonly string[] {
  if (slower.length === 0) return []
  const left = slower.length - ROWS_SHOWN
  return [
    '',
    '## Slower than ever recorded',
    '',
    '| Test | Target | Time | Recorded |',
    '| --- | --- | ---: | ---: |',
    ...slower.slice(0, ROWS_SHOWN).map(({ test, target, durationMs, recorded }) => {
      const range = `${formatSeconds(recorded.leastMs)} to ${formatSeconds(recorded.mostMs)} in ${recorded.count} runs`
      return `| ${codeSpan(test)} | ${codeSpan(target)} | ${formatSeconds(durationMs)} | ${range} |`
    }),
    ...(left > 0 ? ['', `and ${left} more.`] : []),
  ]
}

function causesOf(summary: Summary | undefined): ReadonlyMap<string, string> {
  return new Map(
    (summary?.runs ?? []).flatMap((run) =>
      run.tests.map((test) => [`${targetName(run)}\n${test.test}`, causeOf(test, 160)] as const),
    ),
  )
}

function timeText(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
