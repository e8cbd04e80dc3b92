// What several targets take, as a table for the end of a plan: a line a target, then all of it, then what no target runs. Pure.

import { oneLine } from '../hostile-text.ts'
import type { RunPreview, TogetherForecast } from '../preview.ts'
import { leftOutText, type LeftOut } from './cells.ts'
import { estimatesText } from './plan-estimates.ts'
import { minutesNumber, type Paint } from './plan-lines.ts'

const NAMES_SHOWN = 12

/** Tests that are in the plan of a target or more, and run on none. */
export function nowhereOf(
  previews: readonly Pick<RunPreview, 'jobs' | 'skipped'>[],
): readonly { readonly test: string; readonly reasons: readonly string[] }[] {
  const running = new Set(
    previews.flatMap(({ jobs }) => jobs.flatMap(({ members }) => members.map(({ test }) => test))),
  )
  const skipped = Map.groupBy(
    previews.flatMap((preview) => preview.skipped),
    ({ test }) => test,
  )
  return [...skipped].flatMap(([test, each]) =>
    running.has(test) ? [] : [{ test, reasons: [...new Set(each.map(({ reason }) => reason))] }],
  )
}

/** The table, with the time that all of them take together on their host. */
export function tableLines(
  previews: readonly RunPreview[],
  together: TogetherForecast,
  paint: Paint,
): readonly string[] {
  const head = ['target', 'tests', 'skipped', 'machines', 'memory', 'minutes', 'estimates']
  const rows = previews.map((preview) => {
    const { target, totals, skipped } = preview
    return [
      oneLine(target.name, 80),
      String(totals.tests),
      String(skipped.length),
      String(totals.machines),
      `${totals.peakMemoryMiB} MiB`,
      minutesNumber(totals.durationMs),
      estimatesText(preview),
    ]
  })
  const sum = (of: (preview: RunPreview) => number): string =>
    String(previews.reduce((total, preview) => total + of(preview), 0))
  const last = [
    `${previews.length} targets together`,
    sum(({ totals }) => totals.tests),
    sum(({ skipped }) => skipped.length),
    String(together.machines),
    `${together.peakMemoryMiB} MiB`,
    minutesNumber(together.durationMs),
    '',
  ]
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows, last].map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: readonly string[]): string =>
    row
      .map((text, column) =>
        column === 0 || column === row.length - 1
          ? text.padEnd(widths[column] ?? 0)
          : text.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return [
    `  ${paint.dim(line(head))}`,
    ...rows.map((row) => `  ${line(row)}`),
    `  ${paint.bold(line(last))}`,
    ...nowhereLines(previews, paint),
  ]
}

/** What nobody named and cannot be had here. */
export function leftOutLines(leftOut: readonly LeftOut[], paint: Paint): readonly string[] {
  return leftOut.map((each) => `  ${paint.dim(oneLine(leftOutText(each), 300))}`)
}

function nowhereLines(previews: readonly RunPreview[], paint: Paint): readonly string[] {
  const nowhere = nowhereOf(previews)
  if (nowhere.length === 0) return []
  const [only] = nowhere
  const names = nowhere.slice(0, NAMES_SHOWN).map(({ test }) => oneLine(test, 100))
  const more = nowhere.length - names.length
  const why = nowhere.length === 1 && only !== undefined ? ` (${oneLine(only.reasons.join('; '), 200)})` : ''
  const what = nowhere.length === 1 ? '1 test runs' : `${nowhere.length} tests run`
  return [
    '',
    `  ${paint.yellow(`${what} on none of these targets`)}: ${names.join(', ')}${more > 0 ? `, and ${more} more` : ''}${why}`,
  ]
}
